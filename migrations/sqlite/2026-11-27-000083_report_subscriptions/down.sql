DROP TABLE report_subscription;
