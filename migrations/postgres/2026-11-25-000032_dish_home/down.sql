ALTER TABLE dish DROP COLUMN home_canteen_id;
ALTER TABLE dish DROP COLUMN home_place;
