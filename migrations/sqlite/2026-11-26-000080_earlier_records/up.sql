-- What the records said before: a decision is replayed with what was known when it was taken, and before what stood then.

CREATE TABLE senior_earlier (
    senior_id        BLOB   NOT NULL REFERENCES senior (id),
    recorded_until   BIGINT NOT NULL,
    birth_on         DATE   NOT NULL,
    registered_place TEXT   NOT NULL REFERENCES place (code),
    resident_place   TEXT   NOT NULL REFERENCES place (code),
    PRIMARY KEY (senior_id, recorded_until)
) WITHOUT ROWID;

CREATE TABLE senior_fact_earlier (
    senior_id      BLOB   NOT NULL REFERENCES senior (id),
    fact_id        BLOB   NOT NULL REFERENCES senior_fact (id),
    recorded_until BIGINT NOT NULL,
    valid_to       DATE,
    recorded_at    BIGINT NOT NULL,
    PRIMARY KEY (senior_id, fact_id, recorded_until)
) WITHOUT ROWID;

-- Of an order that was changed: each decision before the one that stands.
CREATE TABLE decision_earlier (
    order_id    BLOB   NOT NULL REFERENCES meal_order (id),
    replaced_at BIGINT NOT NULL,
    channel     TEXT   NOT NULL CHECK (channel IN ('dine_in', 'pick_up', 'delivery')),
    trace       TEXT   NOT NULL,
    decided_at  BIGINT NOT NULL,
    PRIMARY KEY (order_id, replaced_at)
);

-- Drafts tried on past meals, each a job of the worker.
CREATE TABLE backtest (
    id           BLOB   PRIMARY KEY NOT NULL,
    policy_id    BLOB   NOT NULL REFERENCES policy_version (id),
    from_on      DATE   NOT NULL,
    to_on        DATE   NOT NULL,
    begins_on    DATE,
    rise_fen     BIGINT NOT NULL CHECK (rise_fen >= 0),
    state        TEXT   NOT NULL CHECK (state IN ('queued', 'running', 'done', 'stopped')),
    -- Persons tried and in all.
    done         BIGINT NOT NULL,
    total        BIGINT NOT NULL,
    -- JSON: what was found, or where and why it stopped.
    outcome      TEXT,
    asked_by     BLOB   REFERENCES app_user (id),
    leased_until BIGINT,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    CHECK (from_on <= to_on),
    CHECK ((state IN ('done', 'stopped')) = (outcome IS NOT NULL))
);
CREATE INDEX backtest_open ON backtest (created_at) WHERE outcome IS NULL;
CREATE INDEX backtest_of ON backtest (policy_id, id);
