DROP TRIGGER settlement_stays;
DROP TRIGGER settlement_keeps_id;
DROP TRIGGER transfer_settled_stays;
DROP TRIGGER transfer_settled_keeps_id;
DROP TRIGGER redemption_settled_stays;
DROP TRIGGER redemption_settled_keeps_id;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
        'settlement_id   BLOB   NOT NULL', 'settlement_id   BLOB   NOT NULL REFERENCES settlement (id)'),
        'transfer_id     BLOB   NOT NULL UNIQUE', 'transfer_id     BLOB   NOT NULL UNIQUE REFERENCES transfer (id)'),
        'redemption_id   BLOB   NOT NULL', 'redemption_id   BLOB   NOT NULL REFERENCES redemption (id)')
    WHERE type = 'table' AND name = 'settlement_line';
PRAGMA writable_schema = RESET;
