-- Delivery plans, their stops, and what happened at the doors.
CREATE TABLE delivery_plan (
    id         UUID   PRIMARY KEY,
    sitting_id UUID   NOT NULL REFERENCES sitting (id),
    state      TEXT   NOT NULL CHECK (state IN ('current', 'superseded')),
    -- The plan as it was checked (JSON): sheets, left-out orders with reason and cure, travel source, cost.
    plan       TEXT   NOT NULL,
    made_by    UUID   REFERENCES app_user (id),
    made_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX delivery_plan_one_current ON delivery_plan (sitting_id) WHERE state = 'current';

CREATE TABLE delivery_stop (
    id          UUID   PRIMARY KEY,
    plan_id     UUID   NOT NULL REFERENCES delivery_plan (id),
    order_id    UUID   NOT NULL REFERENCES meal_order (id),
    -- The courier as the plan names them, and their sign-in when they have one.
    carrier     TEXT   NOT NULL,
    courier_id  UUID   REFERENCES app_user (id),
    trip_no     BIGINT NOT NULL CHECK (trip_no >= 1),
    position    BIGINT NOT NULL CHECK (position >= 1),
    eta_at      BIGINT NOT NULL,
    outcome     TEXT   CHECK (outcome IN ('delivered', 'left_with_neighbour', 'refused', 'wrong_address', 'damaged', 'late', 'no_answer')),
    happened_at BIGINT,
    UNIQUE (plan_id, order_id)
);
CREATE INDEX delivery_stop_by_courier ON delivery_stop (courier_id, eta_at);
CREATE INDEX delivery_stop_by_order ON delivery_stop (order_id);

-- Append-only. The id is made by the courier's phone, the time is when it happened, perhaps hours before it was sent.
CREATE TABLE stop_event (
    id          UUID   PRIMARY KEY,
    stop_id     UUID   NOT NULL REFERENCES delivery_stop (id),
    outcome     TEXT   NOT NULL CHECK (outcome IN ('delivered', 'left_with_neighbour', 'refused', 'wrong_address', 'damaged', 'late', 'no_answer')),
    note        TEXT   NOT NULL,
    happened_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by UUID   REFERENCES app_user (id),
    device_id   UUID   REFERENCES device (id)
);
CREATE INDEX stop_event_by_stop ON stop_event (stop_id);
