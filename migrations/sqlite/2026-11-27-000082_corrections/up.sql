-- What a meal that was eaten turns out to have cost: found, answered for by two people, posted as a difference. What was posted before
-- stays as it is.

-- A check cannot be altered here, and a table that others refer to cannot be made anew while foreign keys are on. What is altered is the
-- text of the check, in the way that SQLite's documentation gives for changes that touch no row.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''operator_discount'')', '''operator_discount'', ''waiver'')')
    WHERE type = 'table' AND name = 'ledger_account';
PRAGMA writable_schema = RESET;

CREATE TABLE correction (
    id                  BLOB   PRIMARY KEY NOT NULL,
    version             BIGINT NOT NULL,
    order_id            BLOB   NOT NULL REFERENCES meal_order (id),
    senior_id           BLOB   NOT NULL REFERENCES senior (id),
    canteen_id          BLOB   NOT NULL REFERENCES canteen (id),
    service_date        DATE   NOT NULL,
    cause               TEXT   NOT NULL CHECK (cause IN ('late_fact', 'death', 'calendar', 'refund')),
    state               TEXT   NOT NULL CHECK (state IN ('open', 'proposed', 'closed')),
    resolution          TEXT   CHECK (resolution IN ('adjust', 'annul', 'waive', 'dismiss', 'gone')),
    -- Whether a funder would get something back: the meal's lines are in no settlement before it is closed.
    takes_back          BOOLEAN NOT NULL,
    -- Whether what was known then gives what was decided then.
    reproduced          BOOLEAN NOT NULL,
    self_pay_before_fen BIGINT NOT NULL,
    self_pay_after_fen  BIGINT NOT NULL,
    -- JSON: each funder whose part differs, with the version that grants more.
    parts               TEXT   NOT NULL,
    -- What the parts come to, and so what is posted to the canteen's claims when it is adjusted or annulled.
    claim_fen           BIGINT NOT NULL,
    -- The decision with what is known now (JSON); none when the meal is said not to have been.
    trace               TEXT,
    -- What whoever proposed or rejected it says.
    reason              TEXT   NOT NULL,
    found_by            BLOB   REFERENCES app_user (id),
    found_at            BIGINT NOT NULL,
    proposed_by         BLOB   REFERENCES app_user (id),
    proposed_at         BIGINT,
    decided_by          BLOB   REFERENCES app_user (id),
    decided_at          BIGINT,
    CONSTRAINT correction_by_two CHECK (decided_by IS NULL OR decided_by <> proposed_by),
    CHECK ((state = 'closed') = (decided_at IS NOT NULL)),
    CHECK ((state = 'open') = (resolution IS NULL))
);
CREATE UNIQUE INDEX correction_once ON correction (order_id) WHERE state <> 'closed';
CREATE INDEX correction_by_order ON correction (order_id, id);
CREATE INDEX correction_by_senior ON correction (senior_id, service_date);
CREATE INDEX correction_by_canteen ON correction (canteen_id, service_date);

-- The correction that a movement belongs to; a meal's own movements have none.
ALTER TABLE transfer ADD COLUMN correction_id BLOB REFERENCES correction (id);
CREATE INDEX transfer_by_correction ON transfer (correction_id) WHERE correction_id IS NOT NULL;

-- Whose meals are to be decided again, from which date on, because something about them was recorded that reaches back to a meal. Triggers
-- note it in the transaction that records it; the worker follows within a second and takes the note away, unless it was noted
-- again meanwhile (`noted` counts). Of an import the rows are looked up when it shows. A note that waits for a meal that may
-- still be eaten is looked at again from `due_at` on.
CREATE TABLE correction_due (
    kind    TEXT   NOT NULL CHECK (kind IN ('senior', 'import')),
    subject BLOB   NOT NULL,
    from_on DATE   NOT NULL,
    noted   BIGINT NOT NULL,
    due_at  BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
CREATE INDEX correction_due_at ON correction_due (due_at);

CREATE TRIGGER senior_fact_insert_correct AFTER INSERT ON senior_fact WHEN NEW.import_id IS NULL
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        SELECT 'senior', NEW.senior_id, NEW.valid_from, 1, 0
        WHERE EXISTS (SELECT 1 FROM meal_order o WHERE o.senior_id = NEW.senior_id AND o.service_date >= NEW.valid_from)
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = min(from_on, excluded.from_on), noted = noted + 1, due_at = 0;
END;
CREATE TRIGGER senior_fact_update_correct AFTER UPDATE OF valid_to ON senior_fact WHEN NEW.valid_to IS NOT OLD.valid_to
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        SELECT 'senior', NEW.senior_id, NEW.valid_from, 1, 0
        WHERE EXISTS (SELECT 1 FROM meal_order o WHERE o.senior_id = NEW.senior_id AND o.service_date >= NEW.valid_from)
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = min(from_on, excluded.from_on), noted = noted + 1, due_at = 0;
END;
CREATE TRIGGER senior_birth_correct AFTER UPDATE OF birth_on ON senior WHEN NEW.birth_on <> OLD.birth_on
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        SELECT 'senior', o.senior_id, MIN(o.service_date), 1, 0 FROM meal_order o WHERE o.senior_id = NEW.id GROUP BY o.senior_id
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = min(from_on, excluded.from_on), noted = noted + 1, due_at = 0;
END;
CREATE TRIGGER import_shown_correct AFTER DELETE ON import_hidden
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        VALUES ('import', OLD.import_id, '1970-01-01', 1, 0)
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = min(from_on, excluded.from_on), noted = noted + 1, due_at = 0;
END;

-- What was frozen may take something back.
CREATE TABLE settlement_line_signed (
    settlement_id   BLOB   NOT NULL REFERENCES settlement (id),
    ordinal         BIGINT NOT NULL,
    transfer_id     BLOB   NOT NULL UNIQUE REFERENCES transfer (id),
    redemption_id   BLOB   NOT NULL REFERENCES redemption (id),
    version_ordinal BIGINT NOT NULL,
    -- Less than nothing where a correction takes it back.
    amount_fen      BIGINT NOT NULL CHECK (amount_fen <> 0),
    PRIMARY KEY (settlement_id, ordinal)
) WITHOUT ROWID;
INSERT INTO settlement_line_signed (settlement_id, ordinal, transfer_id, redemption_id, version_ordinal, amount_fen)
    SELECT settlement_id, ordinal, transfer_id, redemption_id, version_ordinal, amount_fen FROM settlement_line;
DROP TABLE settlement_line;
ALTER TABLE settlement_line_signed RENAME TO settlement_line;
CREATE TRIGGER settlement_line_fixed BEFORE UPDATE ON settlement_line
BEGIN SELECT RAISE(ABORT, 'settlement_line_fixed'); END;
CREATE TRIGGER settlement_line_kept BEFORE DELETE ON settlement_line
WHEN (SELECT state FROM settlement WHERE id = OLD.settlement_id) <> 'withdrawn'
BEGIN SELECT RAISE(ABORT, 'settlement_line_kept'); END;

-- What was found stays as it was found once people have answered for it.
CREATE TRIGGER correction_fixed BEFORE UPDATE ON correction WHEN OLD.state = 'closed'
BEGIN SELECT RAISE(ABORT, 'correction_fixed'); END;
CREATE TRIGGER correction_kept BEFORE DELETE ON correction
BEGIN SELECT RAISE(ABORT, 'correction_kept'); END;
