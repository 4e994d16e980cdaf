-- What a canteen buys an ingredient in, and how much of what it buys is eaten. Without a row: by weight, all of it.
CREATE TABLE purchase_unit (
    canteen_id       BLOB   NOT NULL REFERENCES canteen (id),
    ingredient_id    BLOB   NOT NULL REFERENCES ingredient (id),
    version          BIGINT NOT NULL CHECK (version >= 1),
    -- 可食部, in thousandths of what is bought.
    edible_per_mille BIGINT NOT NULL CHECK (edible_per_mille BETWEEN 1 AND 1000),
    unit_name        TEXT   NOT NULL,
    -- What one of the unit holds; absent is bought by weight.
    unit_mg          BIGINT CHECK (unit_mg BETWEEN 1 AND 1000000000),
    changed_at       BIGINT NOT NULL,
    changed_by       BLOB   NOT NULL REFERENCES app_user (id),
    PRIMARY KEY (canteen_id, ingredient_id),
    CHECK ((unit_mg IS NULL) = (unit_name = ''))
) WITHOUT ROWID;
