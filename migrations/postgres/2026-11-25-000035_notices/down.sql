DROP INDEX job_dropped;
DELETE FROM job WHERE state = 'dropped';
ALTER TABLE job DROP CONSTRAINT job_state_check;
ALTER TABLE job ADD CONSTRAINT job_state_check CHECK (state IN ('queued', 'done', 'dead'));
DROP TABLE notice_setting;
