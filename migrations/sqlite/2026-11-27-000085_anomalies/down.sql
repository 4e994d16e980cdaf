DROP TABLE anomaly_canteen;
DROP TABLE anomaly_evidence;
DROP TABLE anomaly_case;
DROP TABLE anomaly_mark;
DROP TABLE anomaly_late;
DROP TABLE anomaly_day;
DROP TABLE anomaly_setting;
