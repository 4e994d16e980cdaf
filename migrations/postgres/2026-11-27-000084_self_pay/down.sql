DROP TABLE self_pay_entry;
DROP TABLE sponsor_bill;
DROP TABLE sponsored;
DROP TABLE sponsor;
DROP TABLE wallet;
DROP TABLE shift;
DROP FUNCTION self_pay_fixed();
DROP FUNCTION self_pay_in_time();
