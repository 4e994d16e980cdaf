-- Why a standing order has no order on a day; replaced whenever generation looks at the day again.
CREATE TABLE standing_skip (
    standing_order_id BLOB   NOT NULL REFERENCES standing_order (id),
    service_date      DATE   NOT NULL,
    reason            TEXT   NOT NULL CHECK (reason IN ('paused', 'senior_paused', 'no_sitting', 'sitting_closed', 'nothing_suitable', 'sold_out', 'address_missing', 'out_of_area', 'cut_off_passed', 'refused')),
    recorded_at       BIGINT NOT NULL,
    PRIMARY KEY (standing_order_id, service_date)
) WITHOUT ROWID;
CREATE INDEX standing_order_by_canteen ON standing_order (canteen_id, meal);
