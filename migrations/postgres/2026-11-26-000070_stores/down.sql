DROP TRIGGER lot_disposal_kept ON lot_disposal;
DROP TRIGGER lot_disposal_fixed ON lot_disposal;
ALTER TABLE lot_disposal DROP COLUMN method;
ALTER TABLE lot_disposal DROP COLUMN cause;
DROP TABLE stock_count;
DROP TABLE storage_place;
DROP FUNCTION food_evidence();
