-- Editions: a video may be shown in another way, by another file or by the same one, and keeps its id.
-- Watermarks: an image that is laid over every picture of a video.

ALTER TABLE videos
    -- counts what took the place of what was shown before: part of the keys and addresses of all that is made of it
    ADD COLUMN edition integer NOT NULL DEFAULT 1,
    -- what its owner chose; NULL: nothing, so that the server's holds; the JSON null: that there is none
    ADD COLUMN watermark jsonb,
    DROP CONSTRAINT videos_replacement_is_the_next_file,
    ADD CONSTRAINT videos_replacement_has_a_source CHECK (replaces IS NULL OR source_id IS NOT NULL);

-- Until now every edition had a file of its own, and a clip the recipe of its film.
UPDATE videos SET edition = source_revision WHERE source_revision <> 1;

ALTER TABLE former_media ADD COLUMN edition integer;
UPDATE former_media SET edition = source_revision;
ALTER TABLE former_media ALTER COLUMN edition SET NOT NULL;

CREATE INDEX videos_by_replaced ON videos (replaces) WHERE replaces IS NOT NULL;
