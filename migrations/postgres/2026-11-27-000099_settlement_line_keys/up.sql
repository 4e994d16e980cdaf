-- A district's month has two million lines, and each was looked up three times for its foreign keys. Its movement and its evidence were
-- read in the same transaction, and neither is ever deleted or given another identifier: two triggers, which cost nothing until
-- somebody tries, say so. The key to the settlement stays.
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_transfer_id_fkey;
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_redemption_id_fkey;

CREATE FUNCTION settled_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM transfer t JOIN settlement_line l ON l.transfer_id = t.id WHERE t.order_id = OLD.order_id) THEN
        RAISE EXCEPTION 'settled_stays';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER transfer_settled_stays BEFORE DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION settled_stays();
CREATE TRIGGER redemption_settled_stays BEFORE DELETE ON redemption FOR EACH ROW EXECUTE FUNCTION settled_stays();
CREATE TRIGGER transfer_settled_keeps_id BEFORE UPDATE OF id ON transfer FOR EACH ROW EXECUTE FUNCTION settled_stays();
CREATE TRIGGER redemption_settled_keeps_id BEFORE UPDATE OF id ON redemption FOR EACH ROW EXECUTE FUNCTION settled_stays();
