-- The card's number, sealed, so that a roster that is exported and imported elsewhere keeps its cards. Cards from before this column are
-- known by their blind index alone, until a file or a person names them again.
ALTER TABLE senior ADD COLUMN card_enc BLOB;
