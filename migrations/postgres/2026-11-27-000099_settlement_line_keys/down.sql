DROP TRIGGER transfer_settled_stays ON transfer;
DROP TRIGGER redemption_settled_stays ON redemption;
DROP TRIGGER transfer_settled_keeps_id ON transfer;
DROP TRIGGER redemption_settled_keeps_id ON redemption;
DROP FUNCTION settled_stays();
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES transfer (id);
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_redemption_id_fkey FOREIGN KEY (redemption_id) REFERENCES redemption (id);
