-- What sensors show of fridges, freezers and hot cabinets.

-- A sensor is paired like a display. The checks of two tables that others refer to, altered as migration 000082 says.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''courier_phone'')', '''courier_phone'', ''sensor'')')
    WHERE type = 'table' AND name IN ('device', 'pairing_code');
PRAGMA writable_schema = RESET;

-- The lowest and the highest of what one sensor showed of one place within five minutes. Readings that arrive later, again or in another
-- order only widen it.
CREATE TABLE temperature_slot (
    place_id  BLOB   NOT NULL REFERENCES storage_place (id),
    slot_at   BIGINT NOT NULL CHECK (slot_at % 300000000 = 0),
    device_id BLOB   NOT NULL REFERENCES device (id),
    first_at  BIGINT NOT NULL CHECK (first_at >= slot_at),
    last_at   BIGINT NOT NULL CHECK (last_at BETWEEN first_at AND slot_at + 299999999),
    lowest    BIGINT NOT NULL CHECK (lowest >= -600),
    highest   BIGINT NOT NULL CHECK (highest BETWEEN lowest AND 3000),
    PRIMARY KEY (place_id, slot_at, device_id)
) WITHOUT ROWID;

-- What a sensor sent and nobody believes: one of a kind, place and day of its arrival, with the last of them.
CREATE TABLE sensor_doubt (
    place_id    BLOB   NOT NULL REFERENCES storage_place (id),
    received_on DATE   NOT NULL,
    device_id   BLOB   NOT NULL REFERENCES device (id),
    doubt       TEXT   NOT NULL CHECK (doubt IN ('implausible', 'clock_ahead', 'clock_back', 'too_old')),
    received_at BIGINT NOT NULL,
    -- By the sensor's own clock, and as it said.
    told_at     BIGINT NOT NULL,
    told        BIGINT NOT NULL,
    PRIMARY KEY (place_id, received_on, device_id, doubt)
) WITHOUT ROWID;

-- Evidence is widened and added to, never narrowed or taken away, whoever writes to the database.
CREATE TRIGGER temperature_slot_widens BEFORE UPDATE ON temperature_slot
    WHEN NEW.place_id <> OLD.place_id OR NEW.slot_at <> OLD.slot_at OR NEW.device_id <> OLD.device_id OR NEW.first_at > OLD.first_at
        OR NEW.last_at < OLD.last_at OR NEW.lowest > OLD.lowest OR NEW.highest < OLD.highest
    BEGIN SELECT RAISE(ABORT, 'temperature_slot_widens'); END;
CREATE TRIGGER temperature_slot_kept BEFORE DELETE ON temperature_slot BEGIN SELECT RAISE(ABORT, 'temperature_slot_kept'); END;
CREATE TRIGGER sensor_doubt_kept BEFORE DELETE ON sensor_doubt BEGIN SELECT RAISE(ABORT, 'sensor_doubt_kept'); END;
