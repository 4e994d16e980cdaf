DROP TABLE brought_ingredient;
DROP TABLE real_ingredient;
DROP TABLE real_dish;
ALTER TABLE change_count DROP COLUMN real_dishes;
