-- Self-pay (自付): cash at the counter, prepaid wallets, and sponsors with a bill a month. What an order owes stands in `transfer` since it was
-- ordered; these rows say how it was paid.

ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_kind_check;
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_kind_check
    CHECK (kind IN ('funder_budget', 'canteen_claim', 'self_pay', 'canteen_sales', 'operator_discount', 'waiver', 'cash', 'safe', 'cash_difference', 'wallet', 'receivable', 'bank'));

-- One person's till, from the float to the count (当班). `cash_fen` is what is in it: moved with each entry, on condition that it is there.
CREATE TABLE shift (
    id           UUID   PRIMARY KEY NOT NULL,
    version      BIGINT NOT NULL,
    canteen_id   UUID   NOT NULL REFERENCES canteen (id),
    state        TEXT   NOT NULL CHECK (state IN ('open', 'closed', 'confirmed')),
    opened_by    UUID   NOT NULL REFERENCES app_user (id),
    opened_at    BIGINT NOT NULL,
    float_fen    BIGINT NOT NULL CHECK (float_fen >= 0),
    cash_fen     BIGINT NOT NULL CONSTRAINT shift_cash_there CHECK (cash_fen >= 0),
    -- What there should have been when it was counted, and what was.
    expected_fen BIGINT,
    counted_fen  BIGINT CHECK (counted_fen >= 0),
    -- Why they differ; empty where they do not.
    reason       TEXT   NOT NULL,
    closed_by    UUID   REFERENCES app_user (id),
    closed_at    BIGINT,
    confirmed_by UUID   REFERENCES app_user (id),
    confirmed_at BIGINT,
    -- What whoever confirmed it says.
    note         TEXT   NOT NULL,
    CONSTRAINT shift_by_two CHECK (confirmed_by IS NULL OR (confirmed_by <> opened_by AND confirmed_by <> closed_by)),
    CHECK ((state = 'open') = (counted_fen IS NULL)),
    CHECK ((state = 'open') = (expected_fen IS NULL)),
    CHECK ((state = 'open') = (closed_by IS NULL)),
    CHECK ((state = 'confirmed') = (confirmed_by IS NOT NULL)),
    CHECK (state = 'open' OR cash_fen = 0),
    CHECK (expected_fen = counted_fen OR reason <> '')
);
CREATE UNIQUE INDEX shift_open ON shift (canteen_id, opened_by) WHERE state = 'open';
CREATE INDEX shift_by_canteen ON shift (canteen_id, id);

-- What a senior has left with a canteen (储值余额). Never below nothing, whoever draws on it at once.
CREATE TABLE wallet (
    senior_id   UUID   NOT NULL REFERENCES senior (id),
    canteen_id  UUID   NOT NULL REFERENCES canteen (id),
    balance_fen BIGINT NOT NULL CONSTRAINT wallet_never_below_nothing CHECK (balance_fen >= 0),
    -- Who said that the senior leaves and gets the rest, and why.
    leaving_by  UUID   REFERENCES app_user (id),
    leaving_at  BIGINT,
    reason      TEXT   NOT NULL,
    CHECK ((leaving_by IS NULL) = (leaving_at IS NULL)),
    CHECK ((leaving_by IS NULL) = (reason = '')),
    PRIMARY KEY (senior_id, canteen_id)
);

-- Who bears the self-pay of seniors (代付方), and whose.
CREATE TABLE sponsor (
    id         UUID   PRIMARY KEY NOT NULL,
    version    BIGINT NOT NULL,
    place_code TEXT   NOT NULL REFERENCES place (code),
    name       TEXT   NOT NULL,
    -- Who is written to about a bill.
    contact    TEXT   NOT NULL,
    made_by    UUID   NOT NULL REFERENCES app_user (id),
    made_at    BIGINT NOT NULL,
    CONSTRAINT sponsor_once UNIQUE (place_code, name)
);
CREATE TABLE sponsored (
    id          UUID   PRIMARY KEY NOT NULL,
    version     BIGINT NOT NULL,
    sponsor_id  UUID   NOT NULL REFERENCES sponsor (id),
    senior_id   UUID   NOT NULL REFERENCES senior (id),
    from_on     DATE   NOT NULL,
    -- The last day; open without one.
    to_on       DATE,
    assigned_by UUID   NOT NULL REFERENCES app_user (id),
    assigned_at BIGINT NOT NULL,
    CHECK (to_on >= from_on)
);
CREATE INDEX sponsored_by_senior ON sponsored (senior_id, from_on);
CREATE INDEX sponsored_by_sponsor ON sponsored (sponsor_id, id);

-- What a sponsor owes a canteen for a month; its lines are its entries.
CREATE TABLE sponsor_bill (
    id         UUID   PRIMARY KEY NOT NULL,
    version    BIGINT NOT NULL,
    sponsor_id UUID   NOT NULL REFERENCES sponsor (id),
    canteen_id UUID   NOT NULL REFERENCES canteen (id),
    month      TEXT   NOT NULL,
    line_count BIGINT NOT NULL CHECK (line_count > 0),
    total_fen  BIGINT NOT NULL CHECK (total_fen > 0),
    frozen_by  UUID   NOT NULL REFERENCES app_user (id),
    frozen_at  BIGINT NOT NULL,
    paid_by    UUID   REFERENCES app_user (id),
    paid_at    BIGINT,
    -- The bank's own number of the payment.
    reference  TEXT   NOT NULL,
    CONSTRAINT sponsor_bill_once UNIQUE (sponsor_id, canteen_id, month),
    CHECK ((paid_by IS NULL) = (paid_at IS NULL)),
    CHECK ((paid_by IS NULL) = (reference = ''))
);
CREATE INDEX sponsor_bill_by_canteen ON sponsor_bill (canteen_id, id);

-- One row moves one amount from one account to another. Added, never changed; what was wrong is moved back by a row of its own.
CREATE TABLE self_pay_entry (
    id            UUID   PRIMARY KEY NOT NULL,
    canteen_id    UUID   NOT NULL REFERENCES canteen (id),
    kind          TEXT   NOT NULL CHECK (kind IN ('float', 'pay', 'refund', 'top_up', 'pay_out', 'hand_in', 'deposit', 'short', 'over', 'bill_paid')),
    -- By which means an order was paid or given back.
    means         TEXT   CHECK (means IN ('cash', 'wallet', 'bill')),
    order_id      UUID   REFERENCES meal_order (id),
    -- Its place among the entries of its order: two that were decided on the same sight of the order cannot both be there.
    ordinal       BIGINT,
    -- The payment that a refund gives back.
    of_id         UUID   REFERENCES self_pay_entry (id),
    senior_id     UUID   REFERENCES senior (id),
    -- Into or out of whose till; of what was handed in the one that got it.
    shift_id      UUID   REFERENCES shift (id),
    from_shift_id UUID   REFERENCES shift (id),
    sponsor_id    UUID   REFERENCES sponsor (id),
    bill_id       UUID   REFERENCES sponsor_bill (id),
    debit_id      UUID   NOT NULL REFERENCES ledger_account (id),
    credit_id     UUID   NOT NULL REFERENCES ledger_account (id),
    amount_fen    BIGINT NOT NULL CHECK (amount_fen > 0),
    -- Who had said that a wallet's senior leaves.
    agreed_by     UUID   REFERENCES app_user (id),
    -- Nobody where it followed by itself from what a device or the worker did.
    recorded_by   UUID   REFERENCES app_user (id),
    recorded_at   BIGINT NOT NULL,
    CONSTRAINT self_pay_entry_order UNIQUE (order_id, ordinal),
    CONSTRAINT self_pay_entry_by_two CHECK (agreed_by <> recorded_by),
    CHECK (debit_id <> credit_id),
    CHECK ((kind IN ('pay', 'refund')) = (order_id IS NOT NULL)),
    CHECK ((order_id IS NULL) = (ordinal IS NULL)),
    CHECK ((order_id IS NULL) = (means IS NULL)),
    CHECK ((kind = 'refund') = (of_id IS NOT NULL)),
    CHECK ((kind = 'hand_in') = (from_shift_id IS NOT NULL)),
    CHECK ((kind = 'pay_out') = (agreed_by IS NOT NULL)),
    CHECK ((kind IN ('float', 'top_up', 'pay_out', 'hand_in', 'deposit', 'short', 'over') OR COALESCE(means, '') = 'cash') = (shift_id IS NOT NULL)),
    CHECK ((kind = 'bill_paid' OR COALESCE(means, '') = 'bill') = (sponsor_id IS NOT NULL)),
    CHECK ((sponsor_id IS NULL) = (bill_id IS NULL)),
    CHECK (senior_id IS NOT NULL OR (kind NOT IN ('top_up', 'pay_out') AND COALESCE(means, '') <> 'wallet'))
);
CREATE INDEX self_pay_entry_by_shift ON self_pay_entry (shift_id, recorded_at, id) WHERE shift_id IS NOT NULL;
CREATE INDEX self_pay_entry_by_giver ON self_pay_entry (from_shift_id) WHERE from_shift_id IS NOT NULL;
CREATE INDEX self_pay_entry_by_senior ON self_pay_entry (senior_id, canteen_id, recorded_at, id) WHERE senior_id IS NOT NULL;
CREATE INDEX self_pay_entry_by_hand ON self_pay_entry (recorded_by, recorded_at) WHERE recorded_by IS NOT NULL;
CREATE INDEX self_pay_entry_by_payment ON self_pay_entry (of_id) WHERE of_id IS NOT NULL;
CREATE INDEX self_pay_entry_by_sponsor ON self_pay_entry (sponsor_id, order_id) WHERE sponsor_id IS NOT NULL;
CREATE INDEX self_pay_entry_by_bill ON self_pay_entry (bill_id) WHERE bill_id IS NOT NULL;

-- What was recorded stays, and a count that was closed is a count of all there was.
CREATE FUNCTION self_pay_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_NAME;
END $$;
CREATE FUNCTION self_pay_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM shift WHERE id IN (NEW.shift_id, NEW.from_shift_id) AND state <> 'open') THEN
        RAISE EXCEPTION '%', TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER self_pay_entry_fixed BEFORE UPDATE ON self_pay_entry FOR EACH ROW EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER self_pay_entry_kept BEFORE DELETE ON self_pay_entry FOR EACH ROW EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER self_pay_entry_in_time BEFORE INSERT ON self_pay_entry FOR EACH ROW EXECUTE FUNCTION self_pay_in_time();
CREATE TRIGGER shift_counted BEFORE UPDATE OF canteen_id, opened_by, opened_at, float_fen, cash_fen, expected_fen, counted_fen, reason, closed_by, closed_at ON shift
FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER shift_fixed BEFORE UPDATE ON shift FOR EACH ROW WHEN (OLD.state = 'confirmed') EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER shift_kept BEFORE DELETE ON shift FOR EACH ROW EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER sponsor_bill_fixed BEFORE UPDATE OF sponsor_id, canteen_id, month, line_count, total_fen, frozen_by, frozen_at ON sponsor_bill
FOR EACH ROW EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER sponsor_bill_paid BEFORE UPDATE ON sponsor_bill FOR EACH ROW WHEN (OLD.paid_by IS NOT NULL) EXECUTE FUNCTION self_pay_fixed();
CREATE TRIGGER sponsor_bill_kept BEFORE DELETE ON sponsor_bill FOR EACH ROW EXECUTE FUNCTION self_pay_fixed();
