-- Imports: a file is judged into slices, then applied in slices; what it adds becomes visible at once, with its last slice.
CREATE TABLE import_job (
    id           BLOB   PRIMARY KEY,
    kind         TEXT   NOT NULL,
    file_name    TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('uploaded', 'validating', 'faulty', 'ready', 'applying', 'done', 'undoing', 'failed')),
    -- Nobody is the administrator of the machine, by the command line.
    made_by      BLOB   REFERENCES app_user (id),
    -- JSON: the places and canteens its rows were judged against; absent for the administrator of the machine.
    scope        TEXT,
    row_count    BIGINT NOT NULL CHECK (row_count >= 0),
    fault_count  BIGINT NOT NULL CHECK (fault_count >= 0),
    added        BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    unchanged    BIGINT NOT NULL,
    -- Slices whose new rows are in, hidden. A job that was killed goes on from here.
    applied_slices BIGINT NOT NULL CHECK (applied_slices >= 0),
    -- Why it failed.
    cause        TEXT,
    leased_until BIGINT,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX import_job_by_user ON import_job (made_by, created_at);

CREATE TABLE import_slice (
    import_id   BLOB   NOT NULL REFERENCES import_job (id),
    number      BIGINT NOT NULL CHECK (number >= 0),
    row_count   BIGINT NOT NULL CHECK (row_count > 0),
    -- Rosters are personal data: the rows of a slice are sealed together.
    payload_enc BLOB   NOT NULL,
    PRIMARY KEY (import_id, number)
) WITHOUT ROWID;

CREATE TABLE import_fault (
    import_id   BLOB   NOT NULL REFERENCES import_job (id),
    number      BIGINT NOT NULL CHECK (number >= 0),
    row_no      BIGINT,
    column_name TEXT,
    code        TEXT   NOT NULL,
    message_zh  TEXT   NOT NULL,
    message_en  TEXT   NOT NULL,
    PRIMARY KEY (import_id, number)
) WITHOUT ROWID;

-- Imports whose new rows nobody may see yet: a handful at most. Deleting a row here shows all of an import's rows at once.
CREATE TABLE import_hidden (
    import_id BLOB PRIMARY KEY REFERENCES import_job (id)
) WITHOUT ROWID;

-- Which import brought a row, where a file may bring more rows than one write may hold.
ALTER TABLE sitting ADD COLUMN import_id BLOB REFERENCES import_job (id);
ALTER TABLE senior ADD COLUMN import_id BLOB REFERENCES import_job (id);
ALTER TABLE senior_fact ADD COLUMN import_id BLOB REFERENCES import_job (id);
ALTER TABLE family_binding ADD COLUMN import_id BLOB REFERENCES import_job (id);
ALTER TABLE standing_order ADD COLUMN import_id BLOB REFERENCES import_job (id);
