-- A senior's dynamic code serves one redemption: the primary key is that rule.
CREATE TABLE redemption_code (
    senior_id     BLOB   NOT NULL REFERENCES senior (id),
    -- Half minutes since 1970.
    step          BIGINT NOT NULL,
    redemption_id BLOB   NOT NULL,
    PRIMARY KEY (senior_id, step)
) WITHOUT ROWID;

-- What the nightly close looks for.
CREATE INDEX sitting_by_end ON sitting (serve_to_at);
