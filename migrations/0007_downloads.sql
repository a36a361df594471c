-- What those may download who may watch a video.

ALTER TABLE videos
    ADD COLUMN downloads text NOT NULL DEFAULT 'none',
    ADD CONSTRAINT videos_downloads_known CHECK (downloads IN ('none', 'renditions', 'original'));
