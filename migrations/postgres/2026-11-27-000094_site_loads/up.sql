-- Portions of a batch that were handed over to a canteen which the kitchen supplies. Rows are added, never changed.
CREATE TABLE site_load (
    id             UUID   PRIMARY KEY,
    batch_id       UUID   NOT NULL REFERENCES dish_batch (id),
    canteen_id     UUID   NOT NULL REFERENCES canteen (id),
    portions       BIGINT NOT NULL CHECK (portions BETWEEN 1 AND 100000),
    -- Tenths of a degree Celsius, in the box.
    temp           BIGINT CHECK (temp BETWEEN -600 AND 3000),
    handed_over_at BIGINT NOT NULL,
    recorded_at    BIGINT NOT NULL,
    recorded_by    UUID   NOT NULL REFERENCES app_user (id)
);
CREATE INDEX site_load_by_batch ON site_load (batch_id, id);
CREATE INDEX site_load_by_canteen ON site_load (canteen_id, id);

CREATE TRIGGER site_load_fixed BEFORE UPDATE ON site_load FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER site_load_kept BEFORE DELETE ON site_load FOR EACH ROW EXECUTE FUNCTION food_evidence();
