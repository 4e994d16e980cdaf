DROP INDEX standing_order_by_canteen;
DROP TABLE standing_skip;
