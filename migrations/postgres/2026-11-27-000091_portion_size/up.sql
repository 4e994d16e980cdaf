-- How large a portion is: of a line of an order, as a senior usually wants it, and what it costs where the menu says so.
ALTER TABLE order_line ADD COLUMN size TEXT NOT NULL DEFAULT 'regular' CHECK (size IN ('small', 'regular', 'large'));
ALTER TABLE kitchen_mark ADD COLUMN size TEXT NOT NULL DEFAULT 'regular' CHECK (size IN ('small', 'regular', 'large'));
-- Absent: the price of a regular portion.
ALTER TABLE menu_item ADD COLUMN small_price_fen BIGINT CHECK (small_price_fen >= 0);
ALTER TABLE menu_item ADD COLUMN large_price_fen BIGINT CHECK (large_price_fen >= 0);

ALTER TABLE senior_diet DROP CONSTRAINT senior_diet_kind_check;
ALTER TABLE senior_diet ADD CONSTRAINT senior_diet_kind_check CHECK (kind IN ('allergen', 'avoid', 'halal', 'low_salt', 'low_sugar', 'texture', 'size'));
