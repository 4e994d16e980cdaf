-- Wrong delivery codes that were tried for an order: four digits are few, so tries are counted.
CREATE TABLE delivery_code_tries (
    order_id UUID   PRIMARY KEY REFERENCES meal_order (id),
    wrong    BIGINT NOT NULL CHECK (wrong >= 1)
);
