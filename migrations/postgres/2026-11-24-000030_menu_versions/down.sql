ALTER TABLE sitting DROP COLUMN version;
