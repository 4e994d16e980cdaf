-- Recalls: what is held and stopped, who was called, and how it ended.

CREATE TABLE recall (
    id         BLOB   PRIMARY KEY,
    canteen_id BLOB   NOT NULL REFERENCES canteen (id),
    lot_id     BLOB   NOT NULL REFERENCES lot (id),
    reason     TEXT   NOT NULL CHECK (reason <> ''),
    opened_at  BIGINT NOT NULL,
    opened_by  BLOB   NOT NULL REFERENCES app_user (id),
    outcome    TEXT   CHECK (outcome IN ('destroyed', 'cleared')),
    -- What the report to the authority says of it; empty until it is closed.
    conclusion TEXT   NOT NULL,
    closed_at  BIGINT,
    closed_by  BLOB   REFERENCES app_user (id),
    keep_until DATE   NOT NULL,
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CHECK ((closed_at IS NULL) = (conclusion = '')),
    CHECK (closed_at >= opened_at)
) WITHOUT ROWID;
CREATE INDEX recall_by_canteen ON recall (canteen_id, id);
-- A lot is recalled once at a time.
CREATE UNIQUE INDEX recall_open ON recall (lot_id) WHERE closed_at IS NULL;

-- Each attempt to reach somebody who may have eaten of it.
CREATE TABLE recall_contact (
    id        BLOB   PRIMARY KEY,
    recall_id BLOB   NOT NULL REFERENCES recall (id),
    senior_id BLOB   NOT NULL REFERENCES senior (id),
    outcome   TEXT   NOT NULL CHECK (outcome IN ('reached', 'unwell', 'not_reached')),
    note      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    by_user   BLOB   NOT NULL REFERENCES app_user (id)
) WITHOUT ROWID;
CREATE INDEX recall_contact_of ON recall_contact (recall_id, senior_id, id);

-- Evidence is added to, never changed or taken away, whoever writes to the database; a recall is closed once.
CREATE TRIGGER recall_contact_fixed BEFORE UPDATE ON recall_contact BEGIN SELECT RAISE(ABORT, 'recall_contact_fixed'); END;
CREATE TRIGGER recall_contact_kept BEFORE DELETE ON recall_contact BEGIN SELECT RAISE(ABORT, 'recall_contact_kept'); END;
CREATE TRIGGER recall_fixed BEFORE UPDATE ON recall WHEN OLD.closed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'recall_fixed'); END;
CREATE TRIGGER recall_kept BEFORE DELETE ON recall BEGIN SELECT RAISE(ABORT, 'recall_kept'); END;
