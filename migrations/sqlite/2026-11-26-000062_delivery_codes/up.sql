-- Wrong delivery codes that were tried for an order: four digits are few, so tries are counted.
CREATE TABLE delivery_code_tries (
    order_id BLOB    PRIMARY KEY REFERENCES meal_order (id),
    wrong    INTEGER NOT NULL CHECK (wrong >= 1)
);
