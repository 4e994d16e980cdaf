-- Whose days are to be looked at again because something changed that standing orders follow: a pattern, a sitting, a senior, or all
-- that an import brought. Triggers note it in the transaction that makes the change, so that no way of changing can forget to; the
-- worker follows within a second and takes the note away, unless it was noted again meanwhile (`noted` counts). Rows of an import that is still hidden
-- are not noted: the import is, when it shows.
CREATE TABLE standing_due (
    kind    TEXT   NOT NULL CHECK (kind IN ('pattern', 'sitting', 'senior', 'import')),
    subject BLOB   NOT NULL,
    noted   BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;

CREATE TRIGGER standing_order_insert_due AFTER INSERT ON standing_order WHEN NEW.import_id IS NULL BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('pattern', NEW.id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER standing_order_update_due AFTER UPDATE ON standing_order BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('pattern', NEW.id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER sitting_insert_due AFTER INSERT ON sitting WHEN NEW.import_id IS NULL BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER sitting_update_due AFTER UPDATE OF state, cut_off_at, serve_from_at, serve_to_at ON sitting BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER menu_item_insert_due AFTER INSERT ON menu_item
WHEN NOT EXISTS (SELECT 1 FROM sitting s JOIN import_hidden h ON h.import_id = s.import_id WHERE s.id = NEW.sitting_id) BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER menu_item_update_due AFTER UPDATE OF portions, stopped, price_fen ON menu_item BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER menu_item_delete_due AFTER DELETE ON menu_item BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', OLD.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER senior_update_due AFTER UPDATE OF state, paused_from, paused_to ON senior BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', NEW.id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER senior_diet_insert_due AFTER INSERT ON senior_diet
WHEN NOT EXISTS (SELECT 1 FROM senior s JOIN import_hidden h ON h.import_id = s.import_id WHERE s.id = NEW.senior_id) BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', NEW.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER senior_diet_delete_due AFTER DELETE ON senior_diet BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('senior', OLD.senior_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER import_hidden_delete_due AFTER DELETE ON import_hidden BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('import', OLD.import_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
