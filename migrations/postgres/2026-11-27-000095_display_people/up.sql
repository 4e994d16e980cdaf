-- The number by which somebody of a kitchen says who they are on a display.
CREATE TABLE user_pin (
    user_id  UUID   PRIMARY KEY REFERENCES app_user (id),
    pin_hash TEXT   NOT NULL,
    set_at   BIGINT NOT NULL
);

-- Who stood at which display from when to when. What was done under it carries its identifier, sent later too.
CREATE TABLE display_sign_in (
    id          UUID   PRIMARY KEY,
    device_id   UUID   NOT NULL REFERENCES device (id),
    user_id     UUID   NOT NULL REFERENCES app_user (id),
    signed_in   BIGINT NOT NULL,
    good_until  BIGINT NOT NULL CHECK (good_until > signed_in),
    signed_out  BIGINT
);
CREATE INDEX display_sign_in_by_device ON display_sign_in (device_id, signed_in);
