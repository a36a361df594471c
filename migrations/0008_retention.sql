-- What is kept of a video, chosen per video; NULL leaves it to the server's settings.

ALTER TABLE videos
    ALTER COLUMN encode_policy DROP NOT NULL,
    ALTER COLUMN encode_policy DROP DEFAULT,
    -- days without a viewer after which a rendition is evicted; 0: it is kept for ever
    ADD COLUMN keep_days integer,
    ADD CONSTRAINT videos_keep_days_sane CHECK (keep_days BETWEEN 0 AND 36500);

-- No one has chosen yet: the column's default was written.
UPDATE videos SET encode_policy = NULL WHERE encode_policy = 'eager';

-- Evictions look at what may be evicted, oldest first. The lowest rung, at position 0, stays.
CREATE INDEX renditions_evictable ON renditions (first_cell_at) WHERE bytes > 0 AND position > 0;
