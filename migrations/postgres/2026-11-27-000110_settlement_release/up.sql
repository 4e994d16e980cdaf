-- What a settlement of a payer by ratio gives back to its funders' budgets: each meal reserved its shares rounded up, and the total was
-- split once. Kept as its lines are: never changed, and deleted when it is withdrawn.
CREATE TABLE settlement_release (
    settlement_id UUID   NOT NULL REFERENCES settlement (id),
    budget_id     UUID   NOT NULL REFERENCES funder_budget (id),
    -- Below nothing where corrections had given back more, rounded up, than the split did.
    fen           BIGINT NOT NULL CHECK (fen <> 0),
    PRIMARY KEY (settlement_id, budget_id)
);
CREATE INDEX settlement_release_by_budget ON settlement_release (budget_id);
CREATE TRIGGER settlement_release_fixed BEFORE UPDATE ON settlement_release
FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER settlement_release_kept BEFORE DELETE ON settlement_release
FOR EACH ROW EXECUTE FUNCTION settlement_line_kept();
