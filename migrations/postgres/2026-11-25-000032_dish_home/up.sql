-- Whose a dish is: a place's, and then every canteen below may cook it; or one canteen's, and of those it cooks for. Without either it
-- is everyone's, as the dishes from before this column are.
ALTER TABLE dish ADD COLUMN home_place TEXT REFERENCES place (code);
ALTER TABLE dish ADD COLUMN home_canteen_id UUID REFERENCES canteen (id) CHECK (home_canteen_id IS NULL OR home_place IS NULL);
