-- Who changes a menu says which version of it was read.
ALTER TABLE sitting ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
