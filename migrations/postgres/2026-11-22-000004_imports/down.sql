ALTER TABLE standing_order DROP COLUMN import_id;
ALTER TABLE family_binding DROP COLUMN import_id;
ALTER TABLE senior_fact DROP COLUMN import_id;
ALTER TABLE senior DROP COLUMN import_id;
ALTER TABLE sitting DROP COLUMN import_id;
DROP TABLE import_hidden;
DROP TABLE import_fault;
DROP TABLE import_slice;
DROP TABLE import_job;
