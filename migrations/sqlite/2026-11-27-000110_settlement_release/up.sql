-- What a settlement of a payer by ratio gives back to its funders' budgets: each meal reserved its shares rounded up, and the total was
-- split once. Kept as its lines are: never changed, and deleted when it is withdrawn.
CREATE TABLE settlement_release (
    settlement_id BLOB   NOT NULL REFERENCES settlement (id),
    budget_id     BLOB   NOT NULL REFERENCES funder_budget (id),
    -- Below nothing where corrections had given back more, rounded up, than the split did.
    fen           BIGINT NOT NULL CHECK (fen <> 0),
    PRIMARY KEY (settlement_id, budget_id)
) WITHOUT ROWID;
CREATE INDEX settlement_release_by_budget ON settlement_release (budget_id);
CREATE TRIGGER settlement_release_fixed BEFORE UPDATE ON settlement_release
BEGIN SELECT RAISE(ABORT, 'settlement_release_fixed'); END;
CREATE TRIGGER settlement_release_kept BEFORE DELETE ON settlement_release
WHEN (SELECT state FROM settlement WHERE id = OLD.settlement_id) <> 'withdrawn'
BEGIN SELECT RAISE(ABORT, 'settlement_release_kept'); END;
