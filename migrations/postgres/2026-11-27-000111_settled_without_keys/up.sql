-- The last key of a settlement's lines, looked up for each of two million: they are written beside their settlement, in its transaction,
-- and no settlement is ever deleted. A trigger says so.
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_settlement_id_fkey;

CREATE FUNCTION settlement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'settlement_stays';
END $$;
CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement FOR EACH ROW EXECUTE FUNCTION settlement_stays();
CREATE TRIGGER settlement_keeps_id BEFORE UPDATE OF id ON settlement FOR EACH ROW EXECUTE FUNCTION settlement_stays();
