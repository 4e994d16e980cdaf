ALTER TABLE menu_item DROP COLUMN large_price_fen;
ALTER TABLE menu_item DROP COLUMN small_price_fen;
ALTER TABLE kitchen_mark DROP COLUMN size;
ALTER TABLE order_line DROP COLUMN size;

CREATE TABLE senior_diet_new (
    senior_id BLOB NOT NULL REFERENCES senior (id),
    kind      TEXT NOT NULL CHECK (kind IN ('allergen', 'avoid', 'halal', 'low_salt', 'low_sugar', 'texture')),
    value     TEXT NOT NULL,
    PRIMARY KEY (senior_id, kind, value)
) WITHOUT ROWID;
INSERT INTO senior_diet_new (senior_id, kind, value) SELECT senior_id, kind, value FROM senior_diet WHERE kind <> 'size';
DROP TABLE senior_diet;
ALTER TABLE senior_diet_new RENAME TO senior_diet;
CREATE TRIGGER senior_diet_insert_due AFTER INSERT ON senior_diet
WHEN NOT EXISTS (SELECT 1 FROM senior s JOIN import_hidden h ON h.import_id = s.import_id WHERE s.id = NEW.senior_id) BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', NEW.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER senior_diet_delete_due AFTER DELETE ON senior_diet BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', OLD.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
