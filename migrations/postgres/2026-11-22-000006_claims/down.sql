DROP INDEX sitting_by_end;
DROP TABLE redemption_code;
