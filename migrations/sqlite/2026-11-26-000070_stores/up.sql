-- Where goods are kept, what was counted, and how what was thrown away was destroyed.

-- A fridge, a shelf, a hot cabinet, a sterilizer. Its name and kind never change: temperatures are judged by the kind. What is no
-- longer used is ended.
CREATE TABLE storage_place (
    id         BLOB   PRIMARY KEY,
    canteen_id BLOB   NOT NULL REFERENCES canteen (id),
    name       TEXT   NOT NULL CHECK (name <> ''),
    kind       TEXT   NOT NULL CHECK (kind IN ('ambient', 'chilled', 'frozen', 'sample', 'hot_holding', 'disinfection')),
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
) WITHOUT ROWID;
-- A name may come again once its place was ended: the new fridge stands where the old one stood.
CREATE UNIQUE INDEX storage_place_name ON storage_place (canteen_id, name) WHERE ended_at IS NULL;

-- What a stock-take found of a lot. `book` is the stock before, `written_off` what left the books by it.
CREATE TABLE stock_count (
    id          BLOB   PRIMARY KEY,
    canteen_id  BLOB   NOT NULL REFERENCES canteen (id),
    lot_id      BLOB   NOT NULL REFERENCES lot (id),
    book        BIGINT NOT NULL CHECK (book >= 0),
    counted     BIGINT NOT NULL CHECK (counted >= 0),
    tolerance   BIGINT NOT NULL CHECK (tolerance >= 0),
    outcome     TEXT   NOT NULL CHECK (outcome IN ('agrees', 'shortage', 'surplus')),
    written_off BIGINT NOT NULL CHECK (written_off BETWEEN 0 AND book),
    reason      TEXT   NOT NULL,
    counted_at  BIGINT NOT NULL,
    counted_by  BLOB   NOT NULL REFERENCES app_user (id),
    CHECK (outcome = 'agrees' OR reason <> ''),
    CHECK (outcome <> 'shortage' OR written_off = book - counted),
    CHECK (outcome <> 'surplus' OR (counted > book AND written_off = 0))
) WITHOUT ROWID;
CREATE INDEX stock_count_by_lot ON stock_count (lot_id, id);
CREATE INDEX stock_count_by_canteen ON stock_count (canteen_id, id);

ALTER TABLE lot_disposal ADD COLUMN cause TEXT NOT NULL DEFAULT 'other'
    CHECK (cause IN ('expired', 'spoiled', 'damaged', 'recalled', 'shortage', 'other'));
-- How it was destroyed; empty where the goods were not there.
ALTER TABLE lot_disposal ADD COLUMN method TEXT NOT NULL DEFAULT '';

-- Evidence is added to, never changed or taken away, whoever writes to the database.
CREATE TRIGGER stock_count_fixed BEFORE UPDATE ON stock_count BEGIN SELECT RAISE(ABORT, 'stock_count_fixed'); END;
CREATE TRIGGER stock_count_kept BEFORE DELETE ON stock_count BEGIN SELECT RAISE(ABORT, 'stock_count_kept'); END;
CREATE TRIGGER lot_disposal_fixed BEFORE UPDATE ON lot_disposal BEGIN SELECT RAISE(ABORT, 'lot_disposal_fixed'); END;
CREATE TRIGGER lot_disposal_kept BEFORE DELETE ON lot_disposal BEGIN SELECT RAISE(ABORT, 'lot_disposal_kept'); END;
