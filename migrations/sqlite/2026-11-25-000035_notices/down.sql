CREATE TABLE job_anew (
    id           BLOB   PRIMARY KEY,
    kind         TEXT   NOT NULL,
    payload      TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('queued', 'done', 'dead')),
    due_at       BIGINT NOT NULL,
    leased_until BIGINT,
    attempts     BIGINT NOT NULL,
    last_error   TEXT,
    created_at   BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO job_anew (id, kind, payload, state, due_at, leased_until, attempts, last_error, created_at)
SELECT id, kind, payload, state, due_at, leased_until, attempts, last_error, created_at FROM job WHERE state <> 'dropped';
DROP TABLE job;
ALTER TABLE job_anew RENAME TO job;
CREATE INDEX job_due ON job (due_at) WHERE state = 'queued';
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';
DROP TABLE notice_setting;
