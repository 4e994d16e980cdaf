-- What a kitchen checks each day, and the controls that somebody signs. Nothing here is overwritten: a correction is a further record
-- that names the one it corrects.

CREATE TABLE safety_record (
    id           UUID    PRIMARY KEY,
    canteen_id   UUID    NOT NULL REFERENCES canteen (id),
    service_date DATE    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('morning_check', 'temperature', 'disinfection', 'accompanying_meal')),
    -- Who was checked, or who ate along.
    person_id    UUID    REFERENCES app_user (id),
    -- Which fridge, cabinet or sterilizer.
    place_id     UUID    REFERENCES storage_place (id),
    fit          BOOLEAN,
    temp         BIGINT  CHECK (temp BETWEEN -600 AND 3000),
    minutes      BIGINT  CHECK (minutes BETWEEN 0 AND 1440),
    note         TEXT    NOT NULL,
    observed_at  BIGINT  NOT NULL,
    recorded_at  BIGINT  NOT NULL,
    recorded_by  UUID    NOT NULL REFERENCES app_user (id),
    corrects_id  UUID    UNIQUE REFERENCES safety_record (id),
    -- Why it corrects; empty for a first record.
    reason       TEXT    NOT NULL,
    keep_until   DATE    NOT NULL,
    CHECK ((corrects_id IS NULL) = (reason = '')),
    CHECK ((kind IN ('morning_check', 'accompanying_meal')) = (person_id IS NOT NULL)),
    CHECK ((kind = 'morning_check') = (fit IS NOT NULL)),
    CHECK ((kind IN ('temperature', 'disinfection')) = (place_id IS NOT NULL)),
    CHECK (kind <> 'temperature' OR temp IS NOT NULL),
    CHECK ((kind = 'disinfection') = (minutes IS NOT NULL))
);
CREATE INDEX safety_record_by_day ON safety_record (canteen_id, service_date, id);
CREATE INDEX safety_record_of_person ON safety_record (person_id, service_date);

-- 日管控, 周排查, 月调度: what stood on the risk list when it was signed, and what was done about each.
CREATE TABLE control_record (
    id          UUID   PRIMARY KEY,
    canteen_id  UUID   NOT NULL REFERENCES canteen (id),
    kind        TEXT   NOT NULL CHECK (kind IN ('daily', 'weekly', 'monthly')),
    first_on    DATE   NOT NULL,
    last_on     DATE   NOT NULL,
    -- The risks with the measure against each, as JSON.
    items       TEXT   NOT NULL,
    conclusion  TEXT   NOT NULL CHECK (conclusion <> ''),
    signed_at   BIGINT NOT NULL,
    signed_by   UUID   NOT NULL REFERENCES app_user (id),
    corrects_id UUID   UNIQUE REFERENCES control_record (id),
    reason      TEXT   NOT NULL,
    keep_until  DATE   NOT NULL,
    CHECK ((corrects_id IS NULL) = (reason = '')),
    CHECK (last_on >= first_on)
);
CREATE INDEX control_record_by_canteen ON control_record (canteen_id, kind, first_on, id);
-- Each period is signed once; what comes later corrects it.
CREATE UNIQUE INDEX control_record_first ON control_record (canteen_id, kind, first_on) WHERE corrects_id IS NULL;

CREATE INDEX health_certificate_by_canteen ON health_certificate (canteen_id, user_id);
-- Samples that wait to be thrown away.
CREATE INDEX retained_sample_open ON retained_sample (keep_until) WHERE disposed_at IS NULL;

-- Evidence is added to, never changed or taken away, whoever writes to the database.
CREATE TRIGGER safety_record_fixed BEFORE UPDATE ON safety_record FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER safety_record_kept BEFORE DELETE ON safety_record FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER control_record_fixed BEFORE UPDATE ON control_record FOR EACH ROW EXECUTE FUNCTION food_evidence();
CREATE TRIGGER control_record_kept BEFORE DELETE ON control_record FOR EACH ROW EXECUTE FUNCTION food_evidence();
