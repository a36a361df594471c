-- Clips: videos that are made from another video's file, and share most of their cells with it.
-- Replacements: videos that take another video's place as soon as they can be played.

ALTER TABLE videos
    -- whose file it is made from; NULL: its own. A file is kept for as long as anything is made from it.
    ADD COLUMN source_id uuid CONSTRAINT videos_source_kept REFERENCES videos ON DELETE RESTRICT,
    -- which of that video's files
    ADD COLUMN source_revision integer NOT NULL DEFAULT 1,
    -- the video whose cells it copies, for as long as they are there
    ADD COLUMN cut_from uuid,
    -- the video whose place it takes: in no list, and gone when it has. Its file is that video's next one.
    ADD COLUMN replaces uuid,
    ADD CONSTRAINT videos_source_is_anothers CHECK (source_id <> id),
    ADD CONSTRAINT videos_clips_have_a_source CHECK (cut_from IS NULL OR source_id IS NOT NULL),
    ADD CONSTRAINT videos_replacement_is_the_next_file CHECK (replaces IS NULL OR replaces = source_id);

CREATE INDEX videos_by_source ON videos (source_id, source_revision) WHERE source_id IS NOT NULL;

-- What is still stored of a video from before its file was replaced, and until when.
CREATE TABLE former_media (
    video_id        uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    recipe          text NOT NULL,
    -- the renditions that are sounds
    sounds          text[] NOT NULL,
    source_revision integer NOT NULL,
    -- whether the file was the video's own
    owns_source     boolean NOT NULL,
    ends_at         timestamptz NOT NULL,
    PRIMARY KEY (video_id, recipe)
);

CREATE INDEX former_media_by_end ON former_media (ends_at);
