DROP TABLE complaint_step;
DROP TABLE complaint;
DROP TABLE order_rating;
