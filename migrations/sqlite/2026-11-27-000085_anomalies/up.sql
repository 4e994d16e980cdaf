-- What does not fit in the served meals (疑点): the limits that places set, the days that were looked at, the cases and their evidence.

CREATE TABLE anomaly_setting (
    id         BLOB   PRIMARY KEY,
    place_code TEXT   NOT NULL REFERENCES place (code),
    key        TEXT   NOT NULL,
    from_on    DATE   NOT NULL,
    -- Without a number what the wider place has holds again from that day on.
    value      BIGINT,
    reason     TEXT   NOT NULL,
    set_by     BLOB   NOT NULL REFERENCES app_user (id),
    set_at     BIGINT NOT NULL,
    UNIQUE (place_code, key, from_on)
) WITHOUT ROWID;

-- Service dates that were looked at as a whole.
CREATE TABLE anomaly_day (
    service_date DATE   PRIMARY KEY,
    swept_at     BIGINT NOT NULL
) WITHOUT ROWID;

-- A canteen's days of which evidence came after they were over; counted up, so that what comes while one is looked at is not lost.
CREATE TABLE anomaly_late (
    service_date DATE   NOT NULL,
    canteen_id   BLOB   NOT NULL REFERENCES canteen (id),
    noted        BIGINT NOT NULL,
    PRIMARY KEY (service_date, canteen_id)
) WITHOUT ROWID;

-- Until when facts about people were followed.
CREATE TABLE anomaly_mark (
    name TEXT   PRIMARY KEY,
    at   BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE anomaly_case (
    id             BLOB   PRIMARY KEY,
    version        BIGINT NOT NULL,
    rule           TEXT   NOT NULL CHECK (rule IN ('two_canteens', 'after_death', 'while_away', 'more_than_cooked',
        'faster_than_the_hour', 'one_terminal_many', 'one_courier_many', 'above_peers')),
    measure        TEXT   NOT NULL,
    -- What it is about: of one rule, measure and subject there is one open case, and each further one has the next number.
    subject        TEXT   NOT NULL,
    round          BIGINT NOT NULL CHECK (round >= 1),
    canteen_id     BLOB   NOT NULL REFERENCES canteen (id),
    place_code     TEXT   NOT NULL REFERENCES place (code),
    service_date   DATE   NOT NULL,
    senior_id      BLOB   REFERENCES senior (id),
    device_id      BLOB   REFERENCES device (id),
    user_id        BLOB   REFERENCES app_user (id),
    dish_id        BLOB   REFERENCES dish (id),
    observed       BIGINT NOT NULL,
    bound          BIGINT NOT NULL,
    window_from    BIGINT NOT NULL,
    window_to      BIGINT NOT NULL,
    evidence_total BIGINT NOT NULL,
    -- The figures of the canteens that it was compared with (JSON).
    peers          TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('open', 'closed')),
    opened_at      BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    taken_by       BLOB   REFERENCES app_user (id),
    taken_at       BIGINT,
    finding        TEXT   CHECK (finding IN ('explained', 'data_error', 'to_recover', 'misuse', 'limit_unfit')),
    note           TEXT   NOT NULL,
    closed_by      BLOB   REFERENCES app_user (id),
    closed_at      BIGINT,
    UNIQUE (rule, measure, subject, round),
    CHECK (observed > bound),
    CHECK (window_to >= window_from),
    CHECK ((taken_by IS NULL) = (taken_at IS NULL)),
    CHECK ((state = 'closed') = (finding IS NOT NULL)),
    CHECK ((finding IS NULL) = (closed_by IS NULL)),
    CHECK ((finding IS NULL) = (closed_at IS NULL))
);
CREATE UNIQUE INDEX anomaly_open ON anomaly_case (rule, measure, subject) WHERE state = 'open';
CREATE INDEX anomaly_case_by_date ON anomaly_case (service_date, id);

-- Orders by which it was found, some hundred at most.
CREATE TABLE anomaly_evidence (
    case_id       BLOB   NOT NULL REFERENCES anomaly_case (id),
    order_id      BLOB   NOT NULL REFERENCES meal_order (id),
    -- The one that counted when it was found; a guest's meal has none.
    redemption_id BLOB   REFERENCES redemption (id),
    canteen_id    BLOB   NOT NULL REFERENCES canteen (id),
    served_at     BIGINT NOT NULL,
    added_at      BIGINT NOT NULL,
    PRIMARY KEY (case_id, order_id)
) WITHOUT ROWID;
CREATE INDEX anomaly_evidence_by_order ON anomaly_evidence (order_id);

-- Canteens that it concerns: whose officers see it, whose staff never close it.
CREATE TABLE anomaly_canteen (
    case_id    BLOB   NOT NULL REFERENCES anomaly_case (id),
    canteen_id BLOB   NOT NULL REFERENCES canteen (id),
    place_code TEXT   NOT NULL REFERENCES place (code),
    PRIMARY KEY (case_id, canteen_id)
) WITHOUT ROWID;
CREATE INDEX anomaly_canteen_by_place ON anomaly_canteen (place_code, case_id);

-- A closed case stays as it ended; nothing of one is taken away.
CREATE TRIGGER anomaly_case_fixed BEFORE UPDATE ON anomaly_case WHEN OLD.state = 'closed' BEGIN SELECT RAISE(ABORT, 'anomaly_case_fixed'); END;
CREATE TRIGGER anomaly_case_kept BEFORE DELETE ON anomaly_case BEGIN SELECT RAISE(ABORT, 'anomaly_case_kept'); END;
CREATE TRIGGER anomaly_evidence_fixed BEFORE UPDATE ON anomaly_evidence BEGIN SELECT RAISE(ABORT, 'anomaly_evidence_fixed'); END;
CREATE TRIGGER anomaly_evidence_kept BEFORE DELETE ON anomaly_evidence BEGIN SELECT RAISE(ABORT, 'anomaly_evidence_kept'); END;
CREATE TRIGGER anomaly_canteen_kept BEFORE DELETE ON anomaly_canteen BEGIN SELECT RAISE(ABORT, 'anomaly_canteen_kept'); END;
