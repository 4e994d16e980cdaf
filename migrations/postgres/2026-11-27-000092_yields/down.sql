DROP TABLE dish_without;
DROP TABLE batch_waste;
ALTER TABLE dish_batch DROP COLUMN made_portions;
