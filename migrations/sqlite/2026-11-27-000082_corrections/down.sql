DROP TRIGGER senior_fact_insert_correct;
DROP TRIGGER senior_fact_update_correct;
DROP TRIGGER senior_birth_correct;
DROP TRIGGER import_shown_correct;
DROP TABLE correction_due;
DROP INDEX transfer_by_correction;
ALTER TABLE transfer DROP COLUMN correction_id;
DROP TABLE correction;
