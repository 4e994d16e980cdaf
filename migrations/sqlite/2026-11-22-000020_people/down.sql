DROP INDEX job_dead;
DROP INDEX device_by_canteen;
DROP INDEX user_grant_by_place;
DROP INDEX senior_by_name;
DROP TABLE binding_request;
DROP TABLE throttle;
DROP TABLE audit_head;
DROP INDEX audit_by_place;
ALTER TABLE audit DROP COLUMN place_code;
