-- What a user wants to be told, and how. A user without a row is told everything by text message, in Chinese.
CREATE TABLE notice_setting (
    user_id              BLOB   PRIMARY KEY REFERENCES app_user (id),
    language             TEXT   NOT NULL CHECK (language IN ('zh', 'en')),
    -- What is not wanted: words `event:channel`, separated by commas; may be empty.
    off                  TEXT   NOT NULL,
    mail_enc             BLOB,
    -- Nothing but the code goes to an address before its owner has proved it.
    mail_proved_at       BIGINT,
    mail_code_hash       BLOB,
    mail_code_expires_at BIGINT,
    mail_code_attempts   BIGINT NOT NULL CHECK (mail_code_attempts BETWEEN 0 AND 5)
) WITHOUT ROWID;

-- The outbox knows one more end of a job: not done, because it was no longer true. SQLite changes a CHECK by making the table anew.
CREATE TABLE job_anew (
    id           BLOB   PRIMARY KEY,
    kind         TEXT   NOT NULL,
    payload      TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('queued', 'done', 'dead', 'dropped')),
    due_at       BIGINT NOT NULL,
    leased_until BIGINT,
    attempts     BIGINT NOT NULL,
    last_error   TEXT,
    created_at   BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO job_anew (id, kind, payload, state, due_at, leased_until, attempts, last_error, created_at)
SELECT id, kind, payload, state, due_at, leased_until, attempts, last_error, created_at FROM job;
DROP TABLE job;
ALTER TABLE job_anew RENAME TO job;
CREATE INDEX job_due ON job (due_at) WHERE state = 'queued';
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';
CREATE INDEX job_dropped ON job (id) WHERE state = 'dropped';
