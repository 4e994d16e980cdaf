-- Looking in: whom to call about a senior, the cases, and every step of them.

CREATE TABLE senior_contact (
    id        BLOB    PRIMARY KEY,
    senior_id BLOB    NOT NULL REFERENCES senior (id),
    -- In which order they are asked.
    rank      BIGINT  NOT NULL CHECK (rank BETWEEN 1 AND 5),
    name_enc  BLOB    NOT NULL,
    phone_enc BLOB    NOT NULL,
    relation  TEXT    NOT NULL CHECK (relation IN ('spouse', 'child', 'relative', 'neighbour', 'volunteer', 'other')),
    holds_key BOOLEAN NOT NULL,
    UNIQUE (senior_id, rank)
) WITHOUT ROWID;

CREATE TABLE welfare_case (
    id           BLOB   PRIMARY KEY,
    senior_id    BLOB   NOT NULL REFERENCES senior (id),
    -- Where the senior lived when it was opened: whose case it is.
    place_code   TEXT   NOT NULL REFERENCES place (code),
    canteen_id   BLOB   NOT NULL REFERENCES canteen (id),
    order_id     BLOB   NOT NULL REFERENCES meal_order (id),
    concern      TEXT   NOT NULL CHECK (concern IN ('no_answer', 'unsteady', 'confused', 'meals_uneaten', 'unwell', 'home', 'other')),
    -- When it was seen; a phone without network tells of it later.
    reported_at  BIGINT NOT NULL,
    opened_at    BIGINT NOT NULL,
    -- Whose turn it is: a contact, or the workers of a place; neither when there is nobody to tell.
    told_contact BIGINT CHECK (told_contact BETWEEN 1 AND 5),
    told_place   TEXT   REFERENCES place (code),
    -- Until when they have time; none at the top.
    due_at       BIGINT,
    finding      TEXT   CHECK (finding IN
        ('seen_at_door', 'safe_at_home', 'safe_elsewhere', 'in_care', 'needs_attention', 'died', 'mistake')),
    closed_at    BIGINT,
    CHECK (told_contact IS NULL OR told_place IS NULL),
    CHECK ((closed_at IS NULL) = (finding IS NULL)),
    CHECK (closed_at IS NULL OR due_at IS NULL),
    CHECK (closed_at >= opened_at)
) WITHOUT ROWID;
-- One case a senior at a time: what is seen meanwhile is a further step of it.
CREATE UNIQUE INDEX welfare_open ON welfare_case (senior_id) WHERE closed_at IS NULL;
CREATE INDEX welfare_due ON welfare_case (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX welfare_at ON welfare_case (place_code, id);

CREATE TABLE welfare_step (
    id          BLOB   PRIMARY KEY,
    case_id     BLOB   NOT NULL REFERENCES welfare_case (id),
    kind        TEXT   NOT NULL CHECK (kind IN ('reported', 'told', 'nobody_left', 'attempt', 'closed')),
    concern     TEXT   CHECK (concern IN ('no_answer', 'unsteady', 'confused', 'meals_uneaten', 'unwell', 'home', 'other')),
    contact     BIGINT CHECK (contact BETWEEN 1 AND 5),
    place_code  TEXT   REFERENCES place (code),
    outcome     TEXT   CHECK (outcome IN ('going', 'not_reached', 'still_shut', 'spoke')),
    note        TEXT   NOT NULL,
    happened_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    by_user     BLOB   REFERENCES app_user (id),
    CHECK ((kind = 'reported') = (concern IS NOT NULL)),
    CHECK ((kind = 'attempt') = (outcome IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX welfare_step_of ON welfare_step (case_id, recorded_at, id);

-- What was done about somebody is added to, never changed; a closed case stays as it ended.
CREATE TRIGGER welfare_step_fixed BEFORE UPDATE ON welfare_step BEGIN SELECT RAISE(ABORT, 'welfare_step_fixed'); END;
CREATE TRIGGER welfare_step_kept BEFORE DELETE ON welfare_step BEGIN SELECT RAISE(ABORT, 'welfare_step_kept'); END;
CREATE TRIGGER welfare_case_fixed BEFORE UPDATE ON welfare_case WHEN OLD.closed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'welfare_case_fixed'); END;
CREATE TRIGGER welfare_case_kept BEFORE DELETE ON welfare_case BEGIN SELECT RAISE(ABORT, 'welfare_case_kept'); END;
