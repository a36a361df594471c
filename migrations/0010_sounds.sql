-- Several sounds a video: those of its file, and those that came later in files of their own.

ALTER TABLE renditions
    -- video · audio
    ADD COLUMN kind text NOT NULL DEFAULT 'video',
    ADD CONSTRAINT renditions_kind_known CHECK (kind IN ('video', 'audio'));

-- Until now a plan had one sound at most.
UPDATE renditions r SET kind = 'audio' FROM videos v WHERE v.id = r.video_id AND r.name = v.plan -> 'audio' ->> 'name';

-- What the plan does not know yet of a sound that is uploaded. Once it is READY, the plan says what it is called.
CREATE TABLE added_sounds (
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    -- of the rendition that it becomes
    name       text NOT NULL,
    state      text NOT NULL DEFAULT 'UPLOADING',
    -- BCP 47; `und` where nobody said
    language   text NOT NULL,
    title      text NOT NULL,
    is_default boolean NOT NULL,
    filename   text NOT NULL,
    filesize   bigint NOT NULL,
    part_size  bigint NOT NULL,
    -- S3's id of the multipart upload; set while UPLOADING
    upload_id  text,
    failure_code   text,
    failure_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (video_id, name),
    CONSTRAINT added_sounds_state_known CHECK (state IN ('UPLOADING', 'PROCESSING', 'READY', 'FAILED')),
    CONSTRAINT added_sounds_failed_says_why CHECK ((state = 'FAILED') = (failure_code IS NOT NULL)),
    CONSTRAINT added_sounds_filesize_positive CHECK (filesize > 0)
);

CREATE INDEX added_sounds_unfinished ON added_sounds (updated_at) WHERE state IN ('UPLOADING', 'FAILED');
