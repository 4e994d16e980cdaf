ALTER TABLE menu_item DROP COLUMN large_price_fen;
ALTER TABLE menu_item DROP COLUMN small_price_fen;
ALTER TABLE kitchen_mark DROP COLUMN size;
ALTER TABLE order_line DROP COLUMN size;

DELETE FROM senior_diet WHERE kind = 'size';
ALTER TABLE senior_diet DROP CONSTRAINT senior_diet_kind_check;
ALTER TABLE senior_diet ADD CONSTRAINT senior_diet_kind_check CHECK (kind IN ('allergen', 'avoid', 'halal', 'low_salt', 'low_sugar', 'texture'));
