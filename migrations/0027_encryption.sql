-- How what players get of a video is encrypted. What is stored is clear; the keys follow from the server's secret and
-- their version.
ALTER TABLE videos
    ADD COLUMN encryption text NOT NULL DEFAULT 'none',
    ADD COLUMN key_version integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT videos_encryption_known CHECK (encryption IN ('none', 'aes-128', 'cenc', 'cbcs')),
    ADD CONSTRAINT videos_key_version_positive CHECK (key_version > 0);
