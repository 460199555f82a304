-- How the bytes of a dataset were read (format and options in a word), so that the same bytes sent
-- again in the same way are found by their digest. NULL for datasets of before.

ALTER TABLE datasets ADD COLUMN reading TEXT;

CREATE INDEX datasets_by_sha256 ON datasets (sha256);
