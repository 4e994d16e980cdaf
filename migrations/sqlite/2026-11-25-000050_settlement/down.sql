DROP TABLE suspense;
DROP TABLE bank_answer;
DROP TABLE payment;
DROP TABLE payout;
DROP TABLE settlement_line;
DROP TABLE settlement_version;
DROP TABLE settlement;
DROP TABLE canteen_payee;
