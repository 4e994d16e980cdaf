-- Ingredients, batches and their records (transparent kitchen). Amounts of a lot are in the lot's own unit; temperatures are tenths
-- of a degree Celsius. Nothing here is overwritten: corrections are further rows that name the row they correct.

CREATE TABLE supplier (
    id                 BLOB    PRIMARY KEY,
    version            BIGINT  NOT NULL,
    -- Who keeps this record. Two canteens of one supplier keep their own: each must have checked the licence itself.
    canteen_id         BLOB    NOT NULL REFERENCES canteen (id),
    name               TEXT    NOT NULL,
    licence_no         TEXT    NOT NULL,
    licence_expires_on DATE    NOT NULL,
    address            TEXT    NOT NULL,
    phone              TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('active', 'ended')),
    created_at         BIGINT  NOT NULL,
    UNIQUE (canteen_id, licence_no)
) WITHOUT ROWID;

CREATE TABLE lot (
    id             BLOB    PRIMARY KEY,
    version        BIGINT  NOT NULL,
    canteen_id     BLOB    NOT NULL REFERENCES canteen (id),
    supplier_id    BLOB    NOT NULL REFERENCES supplier (id),
    ingredient_id  BLOB    NOT NULL REFERENCES ingredient (id),
    name           TEXT    NOT NULL,
    specification  TEXT    NOT NULL,
    unit           TEXT    NOT NULL CHECK (unit IN ('mg', 'ml', 'piece')),
    delivered      BIGINT  NOT NULL CHECK (delivered > 0),
    received       BIGINT  NOT NULL,
    issued         BIGINT  NOT NULL CHECK (issued >= 0),
    disposed       BIGINT  NOT NULL CHECK (disposed >= 0),
    stock          BIGINT  NOT NULL CHECK (stock >= 0),
    gtin           TEXT,
    supplier_batch TEXT    NOT NULL,
    produced_on    DATE,
    expires_on     DATE,
    storage        TEXT    NOT NULL CHECK (storage IN ('ambient', 'chilled', 'frozen')),
    storage_place  TEXT    NOT NULL,
    arrival_temp   BIGINT,
    state          TEXT    NOT NULL CHECK (state IN ('accepted', 'rejected', 'frozen')),
    -- Why it was rejected; empty for an accepted lot.
    reason         TEXT    NOT NULL,
    received_at    BIGINT  NOT NULL,
    received_by    BLOB    NOT NULL REFERENCES app_user (id),
    -- Until when this record must be kept.
    keep_until     DATE    NOT NULL,
    CONSTRAINT lot_mass_balance CHECK (received = issued + disposed + stock),
    CONSTRAINT lot_received CHECK (received = CASE WHEN state = 'rejected' THEN 0 ELSE delivered END)
) WITHOUT ROWID;
CREATE INDEX lot_by_expiry ON lot (canteen_id, ingredient_id, expires_on);
CREATE INDEX lot_by_supplier ON lot (supplier_id);

CREATE TABLE lot_voucher (
    lot_id    BLOB   NOT NULL REFERENCES lot (id),
    rank      BIGINT NOT NULL,
    kind      TEXT   NOT NULL CHECK (kind IN ('conformity', 'quarantine', 'inspection', 'invoice', 'other')),
    reference TEXT   NOT NULL,
    PRIMARY KEY (lot_id, rank)
) WITHOUT ROWID;

CREATE TABLE lot_disposal (
    id          BLOB   PRIMARY KEY,
    lot_id      BLOB   NOT NULL REFERENCES lot (id),
    amount      BIGINT NOT NULL CHECK (amount > 0),
    reason      TEXT   NOT NULL,
    disposed_at BIGINT NOT NULL,
    disposed_by BLOB   NOT NULL REFERENCES app_user (id)
) WITHOUT ROWID;
CREATE INDEX lot_disposal_by_lot ON lot_disposal (lot_id);

CREATE TABLE dish_batch (
    id               BLOB   PRIMARY KEY,
    version          BIGINT NOT NULL,
    canteen_id       BLOB   NOT NULL REFERENCES canteen (id),
    sitting_id       BLOB   NOT NULL REFERENCES sitting (id),
    dish_id          BLOB   NOT NULL REFERENCES dish (id),
    service_date     DATE   NOT NULL,
    -- 1, 2, ... within the sitting and dish: what is written on the pan.
    batch_no         BIGINT NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('planned', 'cooking', 'cooked', 'released', 'finished', 'discarded')),
    planned_portions BIGINT NOT NULL CHECK (planned_portions BETWEEN 1 AND 100000),
    holding          TEXT   NOT NULL CHECK (holding IN ('ambient', 'hot', 'chilled')),
    cook_id          BLOB   REFERENCES app_user (id),
    core_temp        BIGINT,
    started_at       BIGINT,
    cooked_at        BIGINT,
    released_at      BIGINT,
    released_by      BLOB   REFERENCES app_user (id),
    ended_at         BIGINT,
    created_at       BIGINT NOT NULL,
    created_by       BLOB   NOT NULL REFERENCES app_user (id),
    UNIQUE (sitting_id, dish_id, batch_no),
    CONSTRAINT dish_batch_cooked CHECK (state NOT IN ('cooked', 'released', 'finished') OR (cooked_at IS NOT NULL AND cook_id IS NOT NULL)),
    CONSTRAINT dish_batch_released CHECK (state NOT IN ('released', 'finished') OR (released_at IS NOT NULL AND released_by IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX dish_batch_by_day ON dish_batch (canteen_id, service_date);

-- What went into a batch. A correction is a further row, maybe negative, that names the row it corrects; one correction each.
CREATE TABLE batch_issue (
    id          BLOB   PRIMARY KEY,
    batch_id    BLOB   NOT NULL REFERENCES dish_batch (id),
    lot_id      BLOB   NOT NULL REFERENCES lot (id),
    amount      BIGINT NOT NULL CHECK (amount <> 0),
    corrects_id BLOB   UNIQUE REFERENCES batch_issue (id),
    reason      TEXT   NOT NULL,
    issued_at   BIGINT NOT NULL,
    issued_by   BLOB   NOT NULL REFERENCES app_user (id),
    CHECK (amount > 0 OR corrects_id IS NOT NULL)
) WITHOUT ROWID;
CREATE INDEX batch_issue_by_batch ON batch_issue (batch_id, lot_id);
CREATE INDEX batch_issue_by_lot ON batch_issue (lot_id, batch_id);

CREATE TABLE core_reading (
    id          BLOB   PRIMARY KEY,
    batch_id    BLOB   NOT NULL REFERENCES dish_batch (id),
    temp        BIGINT NOT NULL CHECK (temp BETWEEN -600 AND 3000),
    measured_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by BLOB   NOT NULL REFERENCES app_user (id)
) WITHOUT ROWID;
CREATE INDEX core_reading_by_batch ON core_reading (batch_id, recorded_at);

CREATE TABLE retained_sample (
    id          BLOB   PRIMARY KEY,
    batch_id    BLOB   NOT NULL REFERENCES dish_batch (id),
    amount_mg   BIGINT NOT NULL CHECK (amount_mg > 0),
    fridge      TEXT   NOT NULL,
    taken_at    BIGINT NOT NULL,
    taken_by    BLOB   NOT NULL REFERENCES app_user (id),
    keep_until  BIGINT NOT NULL,
    disposed_at BIGINT,
    disposed_by BLOB   REFERENCES app_user (id),
    CHECK (disposed_at IS NULL OR disposed_at >= keep_until)
) WITHOUT ROWID;
CREATE INDEX retained_sample_by_batch ON retained_sample (batch_id);

-- Releases against the gate: the inspector's list.
CREATE TABLE gate_override (
    id         BLOB   PRIMARY KEY,
    canteen_id BLOB   NOT NULL REFERENCES canteen (id),
    batch_id   BLOB   NOT NULL REFERENCES dish_batch (id),
    -- What was missing, as JSON.
    gaps       TEXT   NOT NULL,
    reason     TEXT   NOT NULL CHECK (reason <> ''),
    by_user    BLOB   NOT NULL REFERENCES app_user (id),
    at         BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX gate_override_by_canteen ON gate_override (canteen_id, id);
CREATE INDEX gate_override_by_batch ON gate_override (batch_id);

CREATE TABLE health_certificate (
    id          BLOB   PRIMARY KEY,
    user_id     BLOB   NOT NULL REFERENCES app_user (id),
    canteen_id  BLOB   NOT NULL REFERENCES canteen (id),
    number_enc  BLOB  NOT NULL,
    issued_on   DATE   NOT NULL,
    expires_on  DATE   NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by BLOB   NOT NULL REFERENCES app_user (id),
    CHECK (expires_on >= issued_on)
) WITHOUT ROWID;
CREATE INDEX health_certificate_by_user ON health_certificate (user_id);

-- Which batches a line may have been eaten from: exactly, when packed; every open one, at the table.
CREATE TABLE order_line_batch (
    order_line_id BLOB   NOT NULL REFERENCES order_line (id),
    batch_id      BLOB   NOT NULL REFERENCES dish_batch (id),
    order_id      BLOB   NOT NULL REFERENCES meal_order (id),
    how           TEXT   NOT NULL CHECK (how IN ('packed', 'table', 'recorded_late')),
    at            BIGINT NOT NULL,
    PRIMARY KEY (order_line_id, batch_id)
) WITHOUT ROWID;
CREATE INDEX order_line_batch_by_batch ON order_line_batch (batch_id, order_id, order_line_id);
