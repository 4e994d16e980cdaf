-- How many portions a batch really came to; absent while nobody has counted.
ALTER TABLE dish_batch ADD COLUMN made_portions BIGINT CHECK (made_portions BETWEEN 0 AND 100000);

-- Portions that were made and are not eaten, and why. Rows are added, never changed.
CREATE TABLE batch_waste (
    id          UUID   PRIMARY KEY,
    batch_id    UUID   NOT NULL REFERENCES dish_batch (id),
    reason      TEXT   NOT NULL CHECK (reason IN ('overcooked', 'dropped', 'returned', 'left_over', 'sample', 'other')),
    portions    BIGINT NOT NULL CHECK (portions BETWEEN 1 AND 100000),
    words       TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by UUID   NOT NULL REFERENCES app_user (id),
    CHECK (reason <> 'other' OR words <> '')
);
CREATE INDEX batch_waste_by_batch ON batch_waste (batch_id, id);

-- Who goes without how many portions of a dish of which too few were made: by the rule, when it was counted last.
CREATE TABLE dish_without (
    sitting_id UUID   NOT NULL REFERENCES sitting (id),
    dish_id    UUID   NOT NULL REFERENCES dish (id),
    order_id   UUID   NOT NULL REFERENCES meal_order (id),
    portions   BIGINT NOT NULL CHECK (portions BETWEEN 1 AND 20),
    PRIMARY KEY (sitting_id, dish_id, order_id)
);
CREATE INDEX dish_without_by_order ON dish_without (order_id);

CREATE TRIGGER batch_waste_fixed BEFORE UPDATE ON batch_waste FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER batch_waste_kept BEFORE DELETE ON batch_waste FOR EACH ROW EXECUTE FUNCTION food_evidence();
