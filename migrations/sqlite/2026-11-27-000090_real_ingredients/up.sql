-- What really goes into the dishes of a sitting, by the word of who cooks. Without a row the recipe holds.

CREATE TABLE real_dish (
    sitting_id   BLOB   NOT NULL REFERENCES sitting (id),
    dish_id      BLOB   NOT NULL REFERENCES dish (id),
    version      BIGINT NOT NULL CHECK (version >= 1),
    confirmed_at BIGINT NOT NULL,
    confirmed_by BLOB   NOT NULL REFERENCES app_user (id),
    PRIMARY KEY (sitting_id, dish_id)
) WITHOUT ROWID;

-- All that is used, not only what differs: a recipe that is changed later changes nothing here. What the recipe has and these rows
-- have not was left out.
CREATE TABLE real_ingredient (
    sitting_id    BLOB   NOT NULL,
    dish_id       BLOB   NOT NULL,
    ingredient_id BLOB   NOT NULL REFERENCES ingredient (id),
    -- Of a portion.
    amount_mg     BIGINT NOT NULL CHECK (amount_mg > 0),
    -- The ingredient of the recipe whose place it takes.
    instead_of_id BLOB   REFERENCES ingredient (id),
    PRIMARY KEY (sitting_id, dish_id, ingredient_id),
    FOREIGN KEY (sitting_id, dish_id) REFERENCES real_dish (sitting_id, dish_id)
) WITHOUT ROWID;

-- What a lot brought into a batch without being among the ingredients that were confirmed, or of the recipe where none were.
CREATE TABLE brought_ingredient (
    batch_id      BLOB   NOT NULL REFERENCES dish_batch (id),
    ingredient_id BLOB   NOT NULL REFERENCES ingredient (id),
    sitting_id    BLOB   NOT NULL REFERENCES sitting (id),
    dish_id       BLOB   NOT NULL REFERENCES dish (id),
    PRIMARY KEY (batch_id, ingredient_id)
) WITHOUT ROWID;
CREATE INDEX brought_ingredient_by_sitting ON brought_ingredient (sitting_id, dish_id);

-- How often any of this changed: what orders ask for with each line is kept in memory under it.
ALTER TABLE change_count ADD COLUMN real_dishes BIGINT NOT NULL DEFAULT 0;
CREATE TRIGGER real_dish_insert_counts AFTER INSERT ON real_dish BEGIN UPDATE change_count SET real_dishes = real_dishes + 1; END;
CREATE TRIGGER real_dish_update_counts AFTER UPDATE ON real_dish BEGIN UPDATE change_count SET real_dishes = real_dishes + 1; END;
CREATE TRIGGER real_dish_delete_counts AFTER DELETE ON real_dish BEGIN UPDATE change_count SET real_dishes = real_dishes + 1; END;
CREATE TRIGGER brought_ingredient_insert_counts AFTER INSERT ON brought_ingredient BEGIN UPDATE change_count SET real_dishes = real_dishes + 1; END;
CREATE TRIGGER brought_ingredient_delete_counts AFTER DELETE ON brought_ingredient BEGIN UPDATE change_count SET real_dishes = real_dishes + 1; END;

-- A standing order follows what is really used, as it follows the menu.
CREATE TRIGGER real_dish_insert_due AFTER INSERT ON real_dish BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER real_dish_update_due AFTER UPDATE ON real_dish BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER brought_ingredient_insert_due AFTER INSERT ON brought_ingredient BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', NEW.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
CREATE TRIGGER brought_ingredient_delete_due AFTER DELETE ON brought_ingredient BEGIN INSERT INTO standing_due (kind, subject, noted) VALUES ('sitting', OLD.sitting_id, 1) ON CONFLICT (kind, subject) DO UPDATE SET noted = noted + 1; END;
