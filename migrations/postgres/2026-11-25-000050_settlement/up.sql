-- Where a canteen's money goes. Entered by one person, confirmed by another: an unconfirmed account is never paid.
CREATE TABLE canteen_payee (
    canteen_id   UUID   PRIMARY KEY REFERENCES canteen (id),
    version      BIGINT NOT NULL,
    holder       TEXT   NOT NULL,
    bank         TEXT   NOT NULL,
    account_enc  BYTEA   NOT NULL,
    entered_by   UUID   NOT NULL REFERENCES app_user (id),
    entered_at   BIGINT NOT NULL,
    confirmed_by UUID   REFERENCES app_user (id),
    confirmed_at BIGINT,
    CONSTRAINT canteen_payee_by_two CHECK (confirmed_by IS NULL OR confirmed_by <> entered_by),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);

-- What one payer owes one canteen for one period. Lines, totals and hash never change after the freeze.
CREATE TABLE settlement (
    id           UUID   PRIMARY KEY,
    version      BIGINT NOT NULL,
    canteen_id   UUID   NOT NULL REFERENCES canteen (id),
    payer        TEXT   NOT NULL,
    period       TEXT   NOT NULL,
    first_on     DATE   NOT NULL,
    last_on      DATE   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('frozen', 'reviewed', 'approved', 'published', 'closed', 'withdrawn')),
    line_count   BIGINT NOT NULL CHECK (line_count > 0),
    total_fen    BIGINT NOT NULL CHECK (total_fen > 0),
    list_hash    BYTEA   NOT NULL,
    frozen_by    UUID   REFERENCES app_user (id),
    frozen_at    BIGINT NOT NULL,
    reviewed_by  UUID   REFERENCES app_user (id),
    reviewed_at  BIGINT,
    approved_by  UUID   REFERENCES app_user (id),
    approved_at  BIGINT,
    published_at BIGINT,
    closed_at    BIGINT,
    -- Why it was withdrawn; empty otherwise.
    reason       TEXT   NOT NULL,
    CONSTRAINT settlement_by_two CHECK (reviewed_by IS NULL OR reviewed_by <> frozen_by),
    CONSTRAINT settlement_by_three CHECK (approved_by IS NULL OR (approved_by <> frozen_by AND approved_by <> reviewed_by))
);
CREATE UNIQUE INDEX settlement_once ON settlement (canteen_id, payer, first_on) WHERE state <> 'withdrawn';

-- What a settlement comes to, per policy version.
CREATE TABLE settlement_version (
    settlement_id UUID   NOT NULL REFERENCES settlement (id),
    ordinal       BIGINT NOT NULL,
    version       TEXT   NOT NULL,
    content_hash  TEXT   NOT NULL,
    line_count    BIGINT NOT NULL CHECK (line_count > 0),
    total_fen     BIGINT NOT NULL,
    PRIMARY KEY (settlement_id, ordinal)
);

-- The lines in their canonical order. A movement is settled once: the unique key is that rule. Rows of a withdrawn settlement are
-- deleted, which frees their movements.
CREATE TABLE settlement_line (
    settlement_id   UUID   NOT NULL REFERENCES settlement (id),
    ordinal         BIGINT NOT NULL,
    transfer_id     UUID   NOT NULL UNIQUE REFERENCES transfer (id),
    redemption_id   UUID   NOT NULL REFERENCES redemption (id),
    version_ordinal BIGINT NOT NULL,
    amount_fen      BIGINT NOT NULL CHECK (amount_fen > 0),
    PRIMARY KEY (settlement_id, ordinal)
);

-- Payments that go to the bank together. Never changed: its file is written from its payments, the same bytes each time.
CREATE TABLE payout (
    id         UUID   PRIMARY KEY,
    place_code TEXT   NOT NULL REFERENCES place (code),
    made_by    UUID   REFERENCES app_user (id),
    made_at    BIGINT NOT NULL,
    line_count BIGINT NOT NULL CHECK (line_count > 0),
    total_fen  BIGINT NOT NULL CHECK (total_fen > 0)
);

-- One funder's part of a settlement. The payee is the one at the time of the payout.
CREATE TABLE payment (
    id            UUID   PRIMARY KEY,
    settlement_id UUID   NOT NULL REFERENCES settlement (id),
    funder        TEXT   NOT NULL,
    amount_fen    BIGINT NOT NULL CHECK (amount_fen > 0),
    state         TEXT   NOT NULL CHECK (state IN ('due', 'sent', 'paid', 'returned', 'replaced')),
    -- The returned payment in whose place this one stands: once.
    replaces      UUID   UNIQUE REFERENCES payment (id),
    payout_id     UUID   REFERENCES payout (id),
    -- Its place in the payout's file, from 1 on.
    ordinal       BIGINT,
    holder        TEXT,
    bank          TEXT,
    account_enc   BYTEA,
    -- The bank's reference and words in the answer that decided where it stands.
    reference     TEXT,
    reason        TEXT,
    answered_at   BIGINT,
    CHECK ((state = 'due') = (payout_id IS NULL)),
    CHECK ((payout_id IS NULL) = (ordinal IS NULL)),
    CHECK ((payout_id IS NULL) = (account_enc IS NULL)),
    CHECK ((state IN ('due', 'sent')) = (reference IS NULL))
);
CREATE INDEX payment_by_settlement ON payment (settlement_id);
CREATE UNIQUE INDEX payment_by_payout ON payment (payout_id, ordinal);
CREATE INDEX payment_due ON payment (state) WHERE state = 'due';

-- A bank's answer. Its hash is over what its rows say, so the same answer in another encoding is the same answer.
CREATE TABLE bank_answer (
    id           UUID   PRIMARY KEY,
    place_code   TEXT   NOT NULL REFERENCES place (code),
    content_hash BYTEA   NOT NULL,
    file_name    TEXT   NOT NULL,
    row_count    BIGINT NOT NULL,
    paid         BIGINT NOT NULL,
    returned     BIGINT NOT NULL,
    repeated     BIGINT NOT NULL,
    suspended    BIGINT NOT NULL,
    brought_by   UUID   REFERENCES app_user (id),
    brought_at   BIGINT NOT NULL,
    CONSTRAINT bank_answer_once UNIQUE (place_code, content_hash)
);

-- Rows of answers that match no payment, until a person has looked. Never dropped for being equal to another row.
CREATE TABLE suspense (
    id          UUID   PRIMARY KEY,
    answer_id   UUID   NOT NULL REFERENCES bank_answer (id),
    -- Its answer's.
    place_code  TEXT   NOT NULL REFERENCES place (code),
    row_no      BIGINT NOT NULL,
    cause       TEXT   NOT NULL CHECK (cause IN ('unknown_payment', 'amount_differs', 'payee_differs', 'not_sent', 'paid_again', 'paid_after_return', 'returned_again', 'replaced', 'closed')),
    payment     TEXT   NOT NULL,
    result      TEXT   NOT NULL CHECK (result IN ('paid', 'returned')),
    amount_fen  BIGINT NOT NULL,
    holder      TEXT   NOT NULL,
    account_enc BYTEA   NOT NULL,
    reference   TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    resolved_by UUID   REFERENCES app_user (id),
    resolved_at BIGINT,
    note        TEXT   NOT NULL,
    UNIQUE (answer_id, row_no),
    CHECK ((resolved_at IS NULL) = (note = ''))
);
CREATE INDEX suspense_open ON suspense (id) WHERE resolved_at IS NULL;

-- What was frozen stays as it was frozen, whoever writes to the database.
CREATE FUNCTION settlement_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_NAME;
END $$;
CREATE FUNCTION settlement_line_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM settlement WHERE id = OLD.settlement_id) <> 'withdrawn' THEN
        RAISE EXCEPTION 'settlement_line_kept';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER settlement_fixed BEFORE UPDATE OF canteen_id, payer, period, first_on, last_on, line_count, total_fen, list_hash ON settlement
FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER settlement_line_fixed BEFORE UPDATE ON settlement_line
FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER settlement_line_kept BEFORE DELETE ON settlement_line
FOR EACH ROW EXECUTE FUNCTION settlement_line_kept();
