CREATE TABLE decision_without_rowid (
    order_id     BLOB   PRIMARY KEY REFERENCES meal_order (id),
    entitled_fen BIGINT NOT NULL,
    granted_fen  BIGINT NOT NULL,
    trace        TEXT   NOT NULL,
    decided_at   BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO decision_without_rowid SELECT order_id, entitled_fen, granted_fen, trace, decided_at FROM decision;
DROP TABLE decision;
ALTER TABLE decision_without_rowid RENAME TO decision;

CREATE TABLE idempotency_without_rowid (
    scope        TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash BLOB  NOT NULL,
    status       BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
INSERT INTO idempotency_without_rowid SELECT scope, key, request_hash, status, body, created_at FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_without_rowid RENAME TO idempotency;
