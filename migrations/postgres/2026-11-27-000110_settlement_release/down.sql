DROP TABLE settlement_release;
