-- The keys of a settlement's lines were looked up three times for each of two million: they are written beside their settlement, whose
-- movements and evidence were read for it, and none of these is ever deleted. Triggers say so, and cost nothing until somebody tries. The
-- text of the table is altered in the way that SQLite's documentation gives for changes that touch no row.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
        ' REFERENCES settlement (id)', ''), ' REFERENCES transfer (id)', ''), ' REFERENCES redemption (id)', '')
    WHERE type = 'table' AND name = 'settlement_line';
PRAGMA writable_schema = RESET;

CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement
BEGIN SELECT RAISE(ABORT, 'settlement_stays'); END;
CREATE TRIGGER settlement_keeps_id BEFORE UPDATE OF id ON settlement
BEGIN SELECT RAISE(ABORT, 'settlement_stays'); END;
CREATE TRIGGER transfer_settled_stays BEFORE DELETE ON transfer
WHEN EXISTS (SELECT 1 FROM settlement_line WHERE transfer_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'settled_stays'); END;
CREATE TRIGGER transfer_settled_keeps_id BEFORE UPDATE OF id ON transfer
WHEN EXISTS (SELECT 1 FROM settlement_line WHERE transfer_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'settled_stays'); END;
CREATE TRIGGER redemption_settled_stays BEFORE DELETE ON redemption
WHEN EXISTS (SELECT 1 FROM transfer JOIN settlement_line ON transfer_id = transfer.id WHERE transfer.order_id = OLD.order_id)
BEGIN SELECT RAISE(ABORT, 'settled_stays'); END;
CREATE TRIGGER redemption_settled_keeps_id BEFORE UPDATE OF id ON redemption
WHEN EXISTS (SELECT 1 FROM transfer JOIN settlement_line ON transfer_id = transfer.id WHERE transfer.order_id = OLD.order_id)
BEGIN SELECT RAISE(ABORT, 'settled_stays'); END;
