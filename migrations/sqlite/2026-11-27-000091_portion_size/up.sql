-- How large a portion is: of a line of an order, as a senior usually wants it, and what it costs where the menu says so.
ALTER TABLE order_line ADD COLUMN size TEXT NOT NULL DEFAULT 'regular' CHECK (size IN ('small', 'regular', 'large'));
ALTER TABLE kitchen_mark ADD COLUMN size TEXT NOT NULL DEFAULT 'regular' CHECK (size IN ('small', 'regular', 'large'));
-- Absent: the price of a regular portion.
ALTER TABLE menu_item ADD COLUMN small_price_fen BIGINT CHECK (small_price_fen >= 0);
ALTER TABLE menu_item ADD COLUMN large_price_fen BIGINT CHECK (large_price_fen >= 0);

CREATE TABLE senior_diet_new (
    senior_id BLOB NOT NULL REFERENCES senior (id),
    kind      TEXT NOT NULL CHECK (kind IN ('allergen', 'avoid', 'halal', 'low_salt', 'low_sugar', 'texture', 'size')),
    value     TEXT NOT NULL,
    PRIMARY KEY (senior_id, kind, value)
) WITHOUT ROWID;
INSERT INTO senior_diet_new (senior_id, kind, value) SELECT senior_id, kind, value FROM senior_diet;
DROP TABLE senior_diet;
ALTER TABLE senior_diet_new RENAME TO senior_diet;
CREATE TRIGGER senior_diet_insert_due AFTER INSERT ON senior_diet
WHEN NOT EXISTS (SELECT 1 FROM senior s JOIN import_hidden h ON h.import_id = s.import_id WHERE s.id = NEW.senior_id) BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', NEW.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER senior_diet_delete_due AFTER DELETE ON senior_diet BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', OLD.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
