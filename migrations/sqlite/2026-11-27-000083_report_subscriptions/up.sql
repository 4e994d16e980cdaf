-- Who wants a place's monthly report by mail, and the last day of which they were sent one.
CREATE TABLE report_subscription (
    user_id    BLOB   NOT NULL REFERENCES app_user (id),
    place_code TEXT   NOT NULL REFERENCES place (code),
    sent_until DATE   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, place_code)
) WITHOUT ROWID;
CREATE INDEX report_subscription_due ON report_subscription (sent_until);
