-- Conventions of every table: identifiers are UUIDv7; `*_at` are microseconds since 1970 UTC; `*_fen` are fen; dates are service
-- dates in China; `*_enc` are sealed fields (suite, key version, nonce, ciphertext); `*_bix` are blind indexes (HMAC) of the
-- same field. States are words with a CHECK. No times are made by the database: they come from the Clock inside the write unit.

-- One row: which history this database is. The epoch is renewed by a restore, never by a restart.
CREATE TABLE installation (
    only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch         UUID    NOT NULL,
    created_at    BIGINT  NOT NULL,
    setup_token_hash BYTEA,
    -- Sealed with the field keys: opening the database with other keys is found at start, not at the first order.
    key_check_enc BYTEA   NOT NULL
);

CREATE TABLE place (
    code   TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    level  TEXT NOT NULL CHECK (level IN ('province', 'city', 'district', 'street', 'community'))
);

-- Canteens and what they cook -------------------------------------------------------------------------------------------

CREATE TABLE canteen (
    id                 UUID    PRIMARY KEY,
    version            BIGINT  NOT NULL,
    code               TEXT    NOT NULL UNIQUE,
    name               TEXT    NOT NULL,
    kind               TEXT    NOT NULL CHECK (kind IN ('own_kitchen', 'satellite', 'rural_table', 'mobile_truck', 'central_kitchen')),
    place_code         TEXT    NOT NULL REFERENCES place (code),
    central_kitchen_id UUID    REFERENCES canteen (id),
    licence_no         TEXT    NOT NULL,
    licence_expires_on DATE    NOT NULL,
    address            TEXT    NOT NULL,
    phone              TEXT    NOT NULL,
    lon_e7             BIGINT  NOT NULL CHECK (lon_e7 BETWEEN -1800000000 AND 1800000000),
    lat_e7             BIGINT  NOT NULL CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    -- GeoJSON polygon; without one the radius is the delivery area.
    delivery_area      TEXT,
    delivery_radius_m  BIGINT  NOT NULL CHECK (delivery_radius_m >= 0),
    delivery_fee_fen   BIGINT  NOT NULL CHECK (delivery_fee_fen >= 0),
    state              TEXT    NOT NULL CHECK (state IN ('open', 'closed'))
);
CREATE INDEX canteen_by_place ON canteen (place_code);

-- The hot row of a canteen: its lock orders all that happens there, its counter numbers the events without gaps.
CREATE TABLE canteen_log (
    canteen_id UUID   PRIMARY KEY REFERENCES canteen (id),
    next_seq   BIGINT NOT NULL CHECK (next_seq >= 1)
);

-- When a canteen serves a meal and until when it may be ordered.
CREATE TABLE canteen_meal (
    canteen_id           UUID    NOT NULL REFERENCES canteen (id),
    meal                 TEXT    NOT NULL CHECK (meal IN ('breakfast', 'lunch', 'dinner')),
    -- Minutes after midnight, China time.
    serve_from_minute    BIGINT  NOT NULL CHECK (serve_from_minute BETWEEN 0 AND 1439),
    serve_to_minute      BIGINT  NOT NULL CHECK (serve_to_minute BETWEEN 1 AND 1440),
    cut_off_days_before  BIGINT  NOT NULL CHECK (cut_off_days_before BETWEEN 0 AND 14),
    cut_off_minute       BIGINT  NOT NULL CHECK (cut_off_minute BETWEEN 0 AND 1439),
    PRIMARY KEY (canteen_id, meal)
);

CREATE TABLE ingredient (
    id        UUID PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    -- Allergen classes of GB 7718 it carries, separated by commas; may be empty. Soy sauce carries two.
    allergens TEXT NOT NULL,
    -- A declared class (salt from an open bag) that is used without a lot.
    untraced  BOOLEAN NOT NULL
);

CREATE TABLE dish (
    id           UUID    PRIMARY KEY,
    version      BIGINT  NOT NULL,
    code         TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    station      TEXT    NOT NULL CHECK (station IN ('hot', 'cold', 'staple', 'soup', 'special', 'packing')),
    price_fen    BIGINT  NOT NULL CHECK (price_fen >= 0),
    -- Words of the textures it is offered in, separated by commas: regular, soft, pureed.
    textures     TEXT    NOT NULL,
    -- Words of what it is not: not_halal, high_salt, high_sugar; separated by commas, may be empty.
    marks        TEXT    NOT NULL,
    -- Nutrition of a regular portion: all five figures, or none when nobody has computed them.
    energy_kcal_tenths  BIGINT,
    protein_mg   BIGINT,
    fat_mg       BIGINT,
    carbohydrate_mg BIGINT,
    sodium_mg    BIGINT
);

CREATE TABLE recipe_line (
    dish_id       UUID   NOT NULL REFERENCES dish (id),
    ingredient_id UUID   NOT NULL REFERENCES ingredient (id),
    amount_mg     BIGINT NOT NULL CHECK (amount_mg > 0),
    PRIMARY KEY (dish_id, ingredient_id)
);

CREATE TABLE sitting (
    id            UUID   PRIMARY KEY,
    canteen_id    UUID   NOT NULL REFERENCES canteen (id),
    service_date  DATE   NOT NULL,
    meal          TEXT   NOT NULL CHECK (meal IN ('breakfast', 'lunch', 'dinner')),
    cut_off_at    BIGINT NOT NULL,
    serve_from_at BIGINT NOT NULL,
    serve_to_at   BIGINT NOT NULL CHECK (serve_to_at > serve_from_at),
    next_order_no BIGINT NOT NULL CHECK (next_order_no >= 1),
    state         TEXT   NOT NULL CHECK (state IN ('open', 'closed')),
    UNIQUE (canteen_id, service_date, meal)
);
CREATE INDEX sitting_by_date ON sitting (service_date, meal);

CREATE TABLE menu_item (
    id         UUID    PRIMARY KEY,
    sitting_id UUID    NOT NULL REFERENCES sitting (id),
    dish_id    UUID    NOT NULL REFERENCES dish (id),
    rank       BIGINT  NOT NULL,
    price_fen  BIGINT  NOT NULL CHECK (price_fen >= 0),
    portions   BIGINT  NOT NULL CHECK (portions >= 0),
    sold       BIGINT  NOT NULL,
    stopped    BOOLEAN NOT NULL,
    UNIQUE (sitting_id, dish_id),
    -- No oversell rests on this line, never on an isolation level.
    CONSTRAINT menu_item_never_oversold CHECK (sold >= 0 AND sold <= portions)
);

-- People ----------------------------------------------------------------------------------------------------------------

CREATE TABLE app_user (
    id            UUID   PRIMARY KEY,
    kind          TEXT   NOT NULL CHECK (kind IN ('staff', 'client')),
    display_name  TEXT   NOT NULL,
    login         TEXT   UNIQUE,
    password_hash TEXT,
    must_change_password BOOLEAN NOT NULL,
    phone_enc     BYTEA,
    phone_bix     BYTEA  UNIQUE,
    openid_bix    BYTEA  UNIQUE,
    state         TEXT   NOT NULL CHECK (state IN ('active', 'blocked')),
    created_at    BIGINT NOT NULL
);

CREATE TABLE user_grant (
    id         UUID   PRIMARY KEY,
    user_id    UUID   NOT NULL REFERENCES app_user (id),
    role       TEXT   NOT NULL CHECK (role IN ('admin', 'officer', 'reviewer', 'auditor', 'worker', 'hotline', 'canteen_manager', 'counter', 'cook', 'courier')),
    place_code TEXT   NOT NULL REFERENCES place (code),
    -- Canteen staff: the right is narrowed to one canteen of the place.
    canteen_id UUID   REFERENCES canteen (id),
    granted_by UUID   REFERENCES app_user (id),
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX user_grant_by_user ON user_grant (user_id);

CREATE TABLE device (
    id          UUID   PRIMARY KEY,
    kind        TEXT   NOT NULL CHECK (kind IN ('kitchen_display', 'counter', 'courier_phone')),
    canteen_id  UUID   NOT NULL REFERENCES canteen (id),
    -- The courier whose phone it is; displays and terminals belong to nobody.
    user_id     UUID   REFERENCES app_user (id),
    name        TEXT   NOT NULL,
    paired_at   BIGINT NOT NULL,
    revoked_at  BIGINT
);

CREATE TABLE pairing_code (
    code_hash  BYTEA  PRIMARY KEY,
    kind       TEXT   NOT NULL CHECK (kind IN ('kitchen_display', 'counter', 'courier_phone')),
    canteen_id UUID   NOT NULL REFERENCES canteen (id),
    user_id    UUID   REFERENCES app_user (id),
    name       TEXT   NOT NULL,
    made_by    UUID   REFERENCES app_user (id),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE TABLE session (
    id         UUID   PRIMARY KEY,
    -- SHA-256 of the opaque token; the token itself is never stored.
    token_hash BYTEA  NOT NULL UNIQUE,
    user_id    UUID   REFERENCES app_user (id),
    device_id  UUID   REFERENCES device (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CHECK (user_id IS NOT NULL OR device_id IS NOT NULL)
);
CREATE INDEX session_by_user ON session (user_id);

CREATE TABLE login_code (
    id         UUID   PRIMARY KEY,
    phone_bix  BYTEA  NOT NULL,
    code_hash  BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts   BIGINT NOT NULL CHECK (attempts BETWEEN 0 AND 5),
    used_at    BIGINT
);
CREATE INDEX login_code_by_phone ON login_code (phone_bix, created_at);

CREATE TABLE senior (
    id               UUID   PRIMARY KEY,
    version          BIGINT NOT NULL,
    name             TEXT   NOT NULL,
    id_no_enc        BYTEA  NOT NULL,
    id_no_bix        BYTEA  NOT NULL UNIQUE,
    birth_on         DATE   NOT NULL,
    phone_enc        BYTEA,
    phone_bix        BYTEA,
    registered_place TEXT   NOT NULL REFERENCES place (code),
    resident_place   TEXT   NOT NULL REFERENCES place (code),
    -- JSON {"detail", "lon_e7", "lat_e7"}: coordinates are as telling as the street and number, so they are sealed with them.
    address_enc      BYTEA,
    health_enc       BYTEA,
    card_bix         BYTEA  UNIQUE,
    home_canteen_id  UUID   REFERENCES canteen (id),
    -- The senior's own sign-in, when there is one.
    user_id          UUID   UNIQUE REFERENCES app_user (id),
    paused_from      DATE,
    paused_to        DATE,
    state            TEXT   NOT NULL CHECK (state IN ('active', 'left')),
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE INDEX senior_by_resident_place ON senior (resident_place, id);
CREATE INDEX senior_by_phone ON senior (phone_bix);

CREATE TABLE senior_fact (
    id          UUID   PRIMARY KEY,
    senior_id   UUID   NOT NULL REFERENCES senior (id),
    kind        TEXT   NOT NULL,
    value       TEXT   NOT NULL,
    valid_from  DATE   NOT NULL,
    valid_to    DATE,
    recorded_at BIGINT NOT NULL,
    source      TEXT   NOT NULL,
    UNIQUE (senior_id, kind, value, valid_from)
);

CREATE TABLE senior_diet (
    senior_id UUID NOT NULL REFERENCES senior (id),
    kind      TEXT NOT NULL CHECK (kind IN ('allergen', 'avoid', 'halal', 'low_salt', 'low_sugar', 'texture')),
    value     TEXT NOT NULL,
    PRIMARY KEY (senior_id, kind, value)
);

CREATE TABLE family_binding (
    id           UUID   PRIMARY KEY,
    senior_id    UUID   NOT NULL REFERENCES senior (id),
    user_id      UUID   NOT NULL REFERENCES app_user (id),
    relation     TEXT   NOT NULL,
    -- Words separated by commas: order, pay, see, alert.
    scopes       TEXT   NOT NULL,
    consent_kind TEXT   NOT NULL CHECK (consent_kind IN ('phone', 'counter', 'signed_form')),
    consent_ref  TEXT   NOT NULL,
    consent_at   BIGINT NOT NULL,
    recorded_by  UUID   REFERENCES app_user (id),
    revoked_at   BIGINT
);
CREATE INDEX family_binding_by_user ON family_binding (user_id);
CREATE INDEX family_binding_by_senior ON family_binding (senior_id);
CREATE UNIQUE INDEX family_binding_one_in_force ON family_binding (senior_id, user_id) WHERE revoked_at IS NULL;

-- Append-only, hash-chained: `hash` covers the row and the hash before it.
CREATE TABLE audit (
    seq       BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    detail    TEXT   NOT NULL,
    prev_hash BYTEA  NOT NULL,
    hash      BYTEA  NOT NULL
);

-- Policies --------------------------------------------------------------------------------------------------------------

CREATE TABLE policy_version (
    id             UUID   PRIMARY KEY,
    programme      TEXT   NOT NULL,
    number         TEXT   NOT NULL,
    -- Absent for a national policy, which belongs to no place below.
    place_code     TEXT   REFERENCES place (code),
    effective_from DATE   NOT NULL,
    -- The document's last date, or the day before the version that superseded it.
    effective_to   DATE,
    content_hash   BYTEA  NOT NULL UNIQUE,
    document       TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('draft', 'reviewed', 'published', 'superseded')),
    drafted_by     UUID   REFERENCES app_user (id),
    reviewed_by    UUID   REFERENCES app_user (id),
    created_at     BIGINT NOT NULL,
    published_at   BIGINT,
    CHECK (reviewed_by IS NULL OR reviewed_by <> drafted_by)
);
CREATE INDEX policy_version_in_force ON policy_version (state, effective_from);
-- The last guard of "one version a date"; the use case refuses any other overlap with the programme's rows locked.
CREATE UNIQUE INDEX policy_version_one_beginning ON policy_version (programme, effective_from) WHERE state IN ('published', 'superseded');

-- Orders ----------------------------------------------------------------------------------------------------------------

CREATE TABLE standing_order (
    id          UUID    PRIMARY KEY,
    version     BIGINT  NOT NULL,
    senior_id   UUID    NOT NULL REFERENCES senior (id),
    canteen_id  UUID    NOT NULL REFERENCES canteen (id),
    meal        TEXT    NOT NULL CHECK (meal IN ('breakfast', 'lunch', 'dinner')),
    -- Bit 0 is Monday.
    weekdays    BIGINT  NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    channel     TEXT    NOT NULL CHECK (channel IN ('dine_in', 'pick_up', 'delivery')),
    starts_on   DATE    NOT NULL,
    ends_on     DATE,
    paused_from DATE,
    paused_to   DATE,
    placed_by   UUID    REFERENCES app_user (id),
    state       TEXT    NOT NULL CHECK (state IN ('active', 'ended')),
    created_at  BIGINT  NOT NULL,
    UNIQUE (senior_id, canteen_id, meal, starts_on)
);

CREATE TABLE meal_order (
    id                UUID    PRIMARY KEY,
    version           BIGINT  NOT NULL,
    sitting_id        UUID    NOT NULL REFERENCES sitting (id),
    canteen_id        UUID    NOT NULL REFERENCES canteen (id),
    service_date      DATE    NOT NULL,
    meal              TEXT    NOT NULL,
    order_no          BIGINT  NOT NULL,
    senior_id         UUID    REFERENCES senior (id),
    senior_name       TEXT    NOT NULL,
    placed_by         UUID    REFERENCES app_user (id),
    via               TEXT    NOT NULL CHECK (via IN ('mini_program', 'hotline', 'counter', 'worker', 'standing')),
    channel           TEXT    NOT NULL CHECK (channel IN ('dine_in', 'pick_up', 'delivery')),
    state             TEXT    NOT NULL CHECK (state IN ('confirmed', 'cancelled', 'served', 'not_served')),
    price_fen         BIGINT  NOT NULL CHECK (price_fen >= 0),
    discount_fen      BIGINT  NOT NULL CHECK (discount_fen >= 0),
    subsidy_fen       BIGINT  NOT NULL CHECK (subsidy_fen >= 0),
    delivery_fee_fen  BIGINT  NOT NULL CHECK (delivery_fee_fen >= 0),
    self_pay_fen      BIGINT  NOT NULL CHECK (self_pay_fen >= 0),
    address_enc       BYTEA,
    note              TEXT    NOT NULL,
    standing_order_id UUID    REFERENCES standing_order (id),
    -- Set by any change a person makes: generation leaves such an order alone.
    edited_by_person  BOOLEAN NOT NULL,
    accepted_at       BIGINT  NOT NULL,
    changed_at        BIGINT  NOT NULL,
    cancel_reason     TEXT,
    UNIQUE (sitting_id, order_no),
    CONSTRAINT meal_order_adds_up CHECK (self_pay_fen = price_fen - discount_fen - subsidy_fen + delivery_fee_fen)
);
CREATE INDEX meal_order_by_senior ON meal_order (senior_id, service_date);
-- One generated order per pattern and date; a cancelled one stays, so that generation does not bring it back.
CREATE UNIQUE INDEX meal_order_one_per_pattern ON meal_order (standing_order_id, service_date) WHERE standing_order_id IS NOT NULL;

CREATE TABLE order_line (
    id             UUID   PRIMARY KEY,
    order_id       UUID   NOT NULL REFERENCES meal_order (id),
    menu_item_id   UUID   NOT NULL REFERENCES menu_item (id),
    dish_id        UUID   NOT NULL REFERENCES dish (id),
    quantity       BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 20),
    unit_price_fen BIGINT NOT NULL CHECK (unit_price_fen >= 0),
    texture        TEXT   NOT NULL CHECK (texture IN ('regular', 'soft', 'pureed')),
    -- What the kitchen must leave out, words separated by commas; from the diet, or typed by the person.
    exceptions     TEXT   NOT NULL,
    -- Why a clash was overridden, and by whom; empty when there was none.
    override_reason TEXT  NOT NULL,
    UNIQUE (order_id, menu_item_id)
);
CREATE INDEX order_line_by_item ON order_line (menu_item_id);

CREATE TABLE decision (
    order_id     UUID   PRIMARY KEY REFERENCES meal_order (id),
    entitled_fen BIGINT NOT NULL,
    granted_fen  BIGINT NOT NULL,
    -- The stored trace (JSON); replaying its facts gives the same bytes.
    trace        TEXT   NOT NULL,
    decided_at   BIGINT NOT NULL
);

-- What a person has used of a limit. Ordinals from 1 on count grants: the primary key is the limit, two terminals cannot take
-- the same one. The row of ordinal 0 holds the amount used, and grows by a conditional update up to the cap.
CREATE TABLE allowance_use (
    senior_id  UUID   NOT NULL REFERENCES senior (id),
    limit_key  TEXT   NOT NULL,
    ordinal    BIGINT NOT NULL CHECK (ordinal >= 0),
    order_id   UUID  ,
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
    PRIMARY KEY (senior_id, limit_key, ordinal),
    CHECK ((ordinal = 0) = (order_id IS NULL))
);
CREATE INDEX allowance_use_by_order ON allowance_use (order_id);

-- Evidence that a meal was served. The id is made by the client, before it is sent.
CREATE TABLE redemption (
    id          UUID   PRIMARY KEY,
    order_id    UUID   NOT NULL REFERENCES meal_order (id),
    method      TEXT   NOT NULL CHECK (method IN ('card', 'identity_card', 'dynamic_qr', 'order_code', 'signature', 'delivery_code', 'photo')),
    device_id   UUID   REFERENCES device (id),
    recorded_by UUID   REFERENCES app_user (id),
    served_at   BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    -- A second redemption of the same order stays visible as a duplicate and counts for nothing.
    state       TEXT   NOT NULL CHECK (state IN ('accepted', 'duplicate'))
);
CREATE UNIQUE INDEX redemption_once ON redemption (order_id) WHERE state = 'accepted';

-- Money -----------------------------------------------------------------------------------------------------------------

CREATE TABLE ledger_account (
    id         UUID PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('funder_budget', 'canteen_claim', 'self_pay', 'canteen_sales', 'operator_discount')),
    funder     TEXT NOT NULL,
    canteen_id UUID REFERENCES canteen (id),
    UNIQUE (kind, funder, canteen_id)
);

-- One row moves one amount from one account to another, so every transaction balances by construction. Append-only: a hold is
-- ended by a later row that names it, once.
CREATE TABLE transfer (
    id          UUID   PRIMARY KEY,
    order_id    UUID   NOT NULL REFERENCES meal_order (id),
    phase       TEXT   NOT NULL CHECK (phase IN ('hold', 'post', 'void')),
    hold_id     UUID   UNIQUE REFERENCES transfer (id),
    debit_id    UUID   NOT NULL REFERENCES ledger_account (id),
    credit_id   UUID   NOT NULL REFERENCES ledger_account (id),
    amount_fen  BIGINT NOT NULL CHECK (amount_fen > 0),
    recorded_at BIGINT NOT NULL,
    CHECK ((phase = 'hold') = (hold_id IS NULL)),
    CHECK (debit_id <> credit_id)
);
CREATE INDEX transfer_by_order ON transfer (order_id);

-- Events, requests, jobs ------------------------------------------------------------------------------------------------

CREATE TABLE event (
    canteen_id UUID   NOT NULL,
    seq        BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    sitting_id UUID,
    subject_id UUID   NOT NULL,
    payload    TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (canteen_id, seq)
);

-- What a client was answered, in the same commit as the effect. A refusal leaves the key free.
CREATE TABLE idempotency (
    scope        TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash BYTEA  NOT NULL,
    status       BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE TABLE job (
    id           UUID   PRIMARY KEY,
    kind         TEXT   NOT NULL,
    payload      TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('queued', 'done', 'dead')),
    due_at       BIGINT NOT NULL,
    leased_until BIGINT,
    attempts     BIGINT NOT NULL,
    last_error   TEXT,
    created_at   BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at) WHERE state = 'queued';
