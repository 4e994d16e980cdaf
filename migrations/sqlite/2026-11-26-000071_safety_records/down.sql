DROP INDEX health_certificate_by_canteen;
DROP INDEX retained_sample_open;
DROP TABLE control_record;
DROP TABLE safety_record;
