-- What a meal that was eaten turns out to have cost: found, answered for by two people, posted as a difference. What was posted before
-- stays as it is.

ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_kind_check;
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_kind_check
    CHECK (kind IN ('funder_budget', 'canteen_claim', 'self_pay', 'canteen_sales', 'operator_discount', 'waiver'));

CREATE TABLE correction (
    id                  UUID   PRIMARY KEY NOT NULL,
    version             BIGINT NOT NULL,
    order_id            UUID   NOT NULL REFERENCES meal_order (id),
    senior_id           UUID   NOT NULL REFERENCES senior (id),
    canteen_id          UUID   NOT NULL REFERENCES canteen (id),
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
    found_by            UUID   REFERENCES app_user (id),
    found_at            BIGINT NOT NULL,
    proposed_by         UUID   REFERENCES app_user (id),
    proposed_at         BIGINT,
    decided_by          UUID   REFERENCES app_user (id),
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
ALTER TABLE transfer ADD COLUMN correction_id UUID REFERENCES correction (id);
CREATE INDEX transfer_by_correction ON transfer (correction_id) WHERE correction_id IS NOT NULL;

-- Whose meals are to be decided again, from which date on, because something about them was recorded that reaches back to a meal. Triggers
-- note it in the transaction that records it; the worker follows within a second and takes the note away, unless it was noted
-- again meanwhile (`noted` counts). Of an import the rows are looked up when it shows. A note that waits for a meal that may
-- still be eaten is looked at again from `due_at` on.
CREATE TABLE correction_due (
    kind    TEXT   NOT NULL CHECK (kind IN ('senior', 'import')),
    subject UUID   NOT NULL,
    from_on DATE   NOT NULL,
    noted   BIGINT NOT NULL,
    due_at  BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX correction_due_at ON correction_due (due_at);

CREATE FUNCTION note_fact_correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        SELECT 'senior', NEW.senior_id, NEW.valid_from, 1, 0
        WHERE EXISTS (SELECT 1 FROM meal_order o WHERE o.senior_id = NEW.senior_id AND o.service_date >= NEW.valid_from)
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = least(correction_due.from_on, excluded.from_on), noted = correction_due.noted + 1, due_at = 0;
    RETURN NULL;
END $$;
CREATE FUNCTION note_birth_correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        SELECT 'senior', o.senior_id, MIN(o.service_date), 1, 0 FROM meal_order o WHERE o.senior_id = NEW.id GROUP BY o.senior_id
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = least(correction_due.from_on, excluded.from_on), noted = correction_due.noted + 1, due_at = 0;
    RETURN NULL;
END $$;
CREATE FUNCTION note_import_correct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO correction_due (kind, subject, from_on, noted, due_at)
        VALUES ('import', OLD.import_id, '1970-01-01', 1, 0)
        ON CONFLICT (kind, subject) DO UPDATE SET from_on = least(correction_due.from_on, excluded.from_on), noted = correction_due.noted + 1, due_at = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER senior_fact_insert_correct AFTER INSERT ON senior_fact FOR EACH ROW WHEN (NEW.import_id IS NULL) EXECUTE FUNCTION note_fact_correct();
CREATE TRIGGER senior_fact_update_correct AFTER UPDATE OF valid_to ON senior_fact FOR EACH ROW WHEN (NEW.valid_to IS DISTINCT FROM OLD.valid_to) EXECUTE FUNCTION note_fact_correct();
CREATE TRIGGER senior_birth_correct AFTER UPDATE OF birth_on ON senior FOR EACH ROW WHEN (NEW.birth_on <> OLD.birth_on) EXECUTE FUNCTION note_birth_correct();
CREATE TRIGGER import_shown_correct AFTER DELETE ON import_hidden FOR EACH ROW EXECUTE FUNCTION note_import_correct();

-- What was frozen may take something back.
ALTER TABLE settlement_line DROP CONSTRAINT settlement_line_amount_fen_check;
ALTER TABLE settlement_line ADD CONSTRAINT settlement_line_amount_fen_check CHECK (amount_fen <> 0);

-- What was found stays as it was found once people have answered for it.
CREATE FUNCTION correction_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'correction_fixed';
END $$;
CREATE TRIGGER correction_fixed BEFORE UPDATE ON correction FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION correction_fixed();
CREATE TRIGGER correction_kept BEFORE DELETE ON correction FOR EACH ROW EXECUTE FUNCTION correction_fixed();
