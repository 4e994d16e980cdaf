-- The place a record belongs to, so that an auditor reads what lies in their places. Empty for what belongs to no place.
ALTER TABLE audit ADD COLUMN place_code TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_place ON audit (place_code, seq);

-- The end of the audit chain. Its row is locked while records are added, so that concurrent writers chain one after the other.
CREATE TABLE audit_head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq      BIGINT  NOT NULL CHECK (seq >= 0),
    hash     BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO audit_head (only_row, seq, hash) VALUES (1, 0, zeroblob(32));

-- How often something was tried in the running window: failed sign-ins, codes sent. `bucket` is a keyed hash of what is counted.
CREATE TABLE throttle (
    bucket      BLOB   PRIMARY KEY,
    window_from BIGINT NOT NULL,
    count       BIGINT NOT NULL CHECK (count >= 0)
) WITHOUT ROWID;
CREATE INDEX throttle_by_age ON throttle (window_from);

-- A family member asks to be bound; the code goes to the senior's phone. `senior_id` is empty when there is no such senior or
-- no phone to ask: the asker is not told, and no code fits.
CREATE TABLE binding_request (
    id         BLOB   PRIMARY KEY,
    senior_id  BLOB   REFERENCES senior (id),
    user_id    BLOB   NOT NULL REFERENCES app_user (id),
    relation   TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    code_hash  BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL CHECK (attempts BETWEEN 0 AND 5),
    used_at    BIGINT
) WITHOUT ROWID;
CREATE INDEX binding_request_by_age ON binding_request (expires_at);

-- What the counter, the list and the search by name read.
CREATE INDEX senior_by_name ON senior (name, id);
CREATE INDEX user_grant_by_place ON user_grant (place_code);
CREATE INDEX device_by_canteen ON device (canteen_id);
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';
