DROP TRIGGER settlement_stays ON settlement;
DROP TRIGGER settlement_keeps_id ON settlement;
DROP FUNCTION settlement_stays();
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_settlement_id_fkey FOREIGN KEY (settlement_id) REFERENCES settlement (id);
