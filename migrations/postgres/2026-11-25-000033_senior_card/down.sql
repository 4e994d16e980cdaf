ALTER TABLE senior DROP COLUMN card_enc;
