-- What is said of meals: ratings, and complaints with every step of them.

-- One a meal, and it stays.
CREATE TABLE order_rating (
    order_id     UUID   PRIMARY KEY REFERENCES meal_order (id),
    canteen_id   UUID   NOT NULL REFERENCES canteen (id),
    service_date DATE   NOT NULL,
    score        BIGINT NOT NULL CHECK (score BETWEEN 1 AND 5),
    -- What it is about, in the order of the closed list.
    reasons      TEXT   NOT NULL,
    -- In own words: what somebody eats, and how they were.
    words_enc    BYTEA,
    voice        TEXT   NOT NULL CHECK (voice IN ('senior', 'family', 'staff')),
    rated_at     BIGINT NOT NULL,
    rated_by     UUID   NOT NULL REFERENCES app_user (id)
);
CREATE INDEX order_rating_of ON order_rating (canteen_id, service_date);

CREATE TABLE complaint (
    id           UUID    PRIMARY KEY,
    version      BIGINT  NOT NULL,
    canteen_id   UUID    NOT NULL REFERENCES canteen (id),
    -- Where the canteen was: whose offices it goes to.
    place_code   TEXT    NOT NULL REFERENCES place (code),
    -- Of which meal and of whom, when that is known.
    order_id     UUID    REFERENCES meal_order (id),
    senior_id    UUID    REFERENCES senior (id),
    category     TEXT    NOT NULL CHECK (category IN
        ('unwell', 'hygiene', 'wrong_meal', 'food', 'delivery', 'attitude', 'charge', 'other')),
    state        TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
    voice        TEXT    NOT NULL CHECK (voice IN ('senior', 'family', 'staff')),
    opened_at    BIGINT  NOT NULL,
    reopened     BIGINT  NOT NULL CHECK (reopened >= 0),
    -- Until when it is to be answered, and the office that has it when the canteen did not.
    due_at       BIGINT,
    raised_to    TEXT    REFERENCES place (code),
    closed_at    BIGINT,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state = 'open' OR due_at IS NULL)
);
CREATE INDEX complaint_of ON complaint (canteen_id, id);
CREATE INDEX complaint_of_senior ON complaint (senior_id, id);
CREATE INDEX complaint_due ON complaint (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE complaint_step (
    id           UUID   PRIMARY KEY,
    complaint_id UUID   NOT NULL REFERENCES complaint (id),
    kind         TEXT   NOT NULL CHECK (kind IN ('brought', 'answered', 'reopened', 'raised', 'closed')),
    words_enc    BYTEA,
    -- The office that it was raised to.
    place_code   TEXT   REFERENCES place (code),
    at           BIGINT NOT NULL,
    -- None of what the deadline did.
    by_user      UUID   REFERENCES app_user (id),
    CHECK ((kind = 'raised') = (place_code IS NOT NULL)),
    CHECK ((kind = 'raised') = (by_user IS NULL))
);
CREATE INDEX complaint_step_of ON complaint_step (complaint_id, id);

-- What was said stays as it was said; a closed complaint stays as it ended.
CREATE TRIGGER order_rating_fixed BEFORE UPDATE ON order_rating FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER order_rating_kept BEFORE DELETE ON order_rating FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER complaint_step_fixed BEFORE UPDATE ON complaint_step FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER complaint_step_kept BEFORE DELETE ON complaint_step FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER complaint_fixed BEFORE UPDATE ON complaint FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION food_evidence();
CREATE TRIGGER complaint_kept BEFORE DELETE ON complaint FOR EACH ROW EXECUTE FUNCTION food_evidence();
