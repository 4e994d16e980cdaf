DROP TRIGGER lot_disposal_kept;
DROP TRIGGER lot_disposal_fixed;
ALTER TABLE lot_disposal DROP COLUMN method;
ALTER TABLE lot_disposal DROP COLUMN cause;
DROP TABLE stock_count;
DROP TABLE storage_place;
