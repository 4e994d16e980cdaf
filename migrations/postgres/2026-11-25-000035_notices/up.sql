-- What a user wants to be told, and how. A user without a row is told everything by text message, in Chinese.
CREATE TABLE notice_setting (
    user_id              UUID   PRIMARY KEY REFERENCES app_user (id),
    language             TEXT   NOT NULL CHECK (language IN ('zh', 'en')),
    -- What is not wanted: words `event:channel`, separated by commas; may be empty.
    off                  TEXT   NOT NULL,
    mail_enc             BYTEA,
    -- Nothing but the code goes to an address before its owner has proved it.
    mail_proved_at       BIGINT,
    mail_code_hash       BYTEA,
    mail_code_expires_at BIGINT,
    mail_code_attempts   BIGINT NOT NULL CHECK (mail_code_attempts BETWEEN 0 AND 5)
);

-- The outbox knows one more end of a job: not done, because it was no longer true.
ALTER TABLE job DROP CONSTRAINT job_state_check;
ALTER TABLE job ADD CONSTRAINT job_state_check CHECK (state IN ('queued', 'done', 'dead', 'dropped'));
CREATE INDEX job_dropped ON job (id) WHERE state = 'dropped';
