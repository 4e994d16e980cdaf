DROP TABLE purchase_unit;
