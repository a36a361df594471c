-- Files that a video is offered as: a rendition with the sound, the sound, or the uploaded file.

CREATE TABLE downloads (
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    -- a rendition's name, or 'original'
    name       text NOT NULL,
    offered_at timestamptz NOT NULL DEFAULT now(),
    -- bytes of the file; NULL until all it is made of exists
    size       bigint,
    ready_at   timestamptz,
    -- why it could not be made, as a sentence; offered again, it is tried again
    failure    text,
    PRIMARY KEY (video_id, name),
    CONSTRAINT downloads_ready_with_size CHECK ((size IS NULL) = (ready_at IS NULL))
);
