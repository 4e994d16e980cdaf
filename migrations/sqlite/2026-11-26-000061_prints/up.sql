-- What was printed: when, by whom, of which sitting, and with which version of each order.
CREATE TABLE print_run (
    id         BLOB   PRIMARY KEY,
    sitting_id BLOB   NOT NULL REFERENCES sitting (id),
    -- Counts the runs of a sitting. A label is a reprint when an earlier run of labels had its order.
    run_no     BIGINT NOT NULL CHECK (run_no > 0),
    kind       TEXT   NOT NULL CHECK (kind IN ('labels', 'production', 'load')),
    plan_id    BLOB   REFERENCES delivery_plan (id),
    printed_at BIGINT NOT NULL,
    printed_by BLOB   REFERENCES app_user (id),
    device_id  BLOB   REFERENCES device (id),
    UNIQUE (sitting_id, run_no),
    CHECK (printed_by IS NOT NULL OR device_id IS NOT NULL)
) WITHOUT ROWID;

CREATE TABLE printed_order (
    run_id        BLOB   NOT NULL REFERENCES print_run (id),
    order_id      BLOB   NOT NULL REFERENCES meal_order (id),
    order_version BIGINT NOT NULL,
    PRIMARY KEY (run_id, order_id)
) WITHOUT ROWID;
CREATE INDEX printed_order_order ON printed_order (order_id);
