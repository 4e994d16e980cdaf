-- How far each line of an order is. The mark says what it was made for: after a change of the line to something else it no
-- longer holds, and the order's own rows need not know the kitchen.
CREATE TABLE kitchen_mark (
    order_id   BLOB   NOT NULL REFERENCES meal_order (id),
    dish_id    BLOB   NOT NULL REFERENCES dish (id),
    stage      TEXT   NOT NULL CHECK (stage IN ('waiting', 'cooking', 'done')),
    quantity   BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 20),
    texture    TEXT   NOT NULL CHECK (texture IN ('regular', 'soft', 'pureed')),
    exceptions TEXT   NOT NULL,
    device_id  BLOB   REFERENCES device (id),
    user_id    BLOB   REFERENCES app_user (id),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, dish_id)
) WITHOUT ROWID;

-- What was said of a whole ticket; no row is: not complete, nothing acknowledged.
CREATE TABLE kitchen_ticket (
    order_id      BLOB    PRIMARY KEY REFERENCES meal_order (id),
    bumped        BOOLEAN NOT NULL,
    acked_version BIGINT  NOT NULL CHECK (acked_version >= 0)
) WITHOUT ROWID;

-- Commands of displays, by the identifier that the display made: the same one again has no second effect.
CREATE TABLE kitchen_command (
    id         BLOB   PRIMARY KEY,
    canteen_id BLOB   NOT NULL REFERENCES canteen (id),
    sitting_id BLOB   NOT NULL REFERENCES sitting (id),
    device_id  BLOB   REFERENCES device (id),
    user_id    BLOB   REFERENCES app_user (id),
    -- SHA-256 of the command as it was read.
    content    BLOB   NOT NULL,
    -- The event that tells of it; the last one before it when it changed nothing.
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL
) WITHOUT ROWID;
