-- What a funder has set aside for a span of service dates, and what the movements of its meals take of it. Without a row, or before the
-- first change is confirmed, a funder's money has no end.
CREATE TABLE funder_budget (
    id         UUID   PRIMARY KEY,
    -- programme/funder@place, as the accounts of the ledger name it.
    payer      TEXT   NOT NULL,
    -- Whose officers answer for it: the funder's place, or that of the policy.
    place_code TEXT   NOT NULL REFERENCES place (code),
    from_on    DATE   NOT NULL,
    to_on      DATE   NOT NULL,
    in_force   BOOLEAN NOT NULL,
    -- Confirmed changes together.
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
    -- What is held and spent. May pass the amount where the policy lets a budget be overdrawn, and after a cut.
    used_fen   BIGINT NOT NULL,
    CHECK (from_on <= to_on),
    UNIQUE (payer, from_on)
);
CREATE INDEX funder_budget_by_place ON funder_budget (place_code, id);

-- Money set aside, added and cut: entered by one person, confirmed by another, never changed afterwards.
CREATE TABLE budget_change (
    id          UUID   PRIMARY KEY,
    budget_id   UUID   NOT NULL REFERENCES funder_budget (id),
    amount_fen  BIGINT NOT NULL CHECK (amount_fen <> 0),
    -- The paper that says so, by its number.
    document    TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('proposed', 'confirmed', 'withdrawn')),
    proposed_by UUID   NOT NULL REFERENCES app_user (id),
    proposed_at BIGINT NOT NULL,
    answered_by UUID   REFERENCES app_user (id),
    answered_at BIGINT,
    CONSTRAINT budget_change_by_two CHECK (state <> 'confirmed' OR answered_by <> proposed_by),
    CHECK ((state = 'proposed') = (answered_by IS NULL)),
    CHECK ((answered_by IS NULL) = (answered_at IS NULL))
);
CREATE INDEX budget_change_by_budget ON budget_change (budget_id, id);

CREATE FUNCTION budget_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'budget_change_fixed';
END $$;
CREATE TRIGGER budget_change_fixed BEFORE UPDATE ON budget_change FOR EACH ROW
    WHEN (OLD.state <> 'proposed' OR NEW.amount_fen <> OLD.amount_fen OR NEW.budget_id <> OLD.budget_id OR NEW.proposed_by <> OLD.proposed_by)
    EXECUTE FUNCTION budget_change_stays();
CREATE TRIGGER budget_change_kept BEFORE DELETE ON budget_change FOR EACH ROW EXECUTE FUNCTION budget_change_stays();

-- Which budgets there are belongs to which policies are in force: both are kept in memory under one count. What is used of them is not.
CREATE TRIGGER funder_budget_insert_counts AFTER INSERT ON funder_budget FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_policies();
CREATE TRIGGER funder_budget_update_counts AFTER UPDATE OF in_force, from_on, to_on ON funder_budget FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_policies();
