-- Videos, their renditions, and the set of cells that exist.

CREATE TABLE videos (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title        text NOT NULL,
    description  text NOT NULL DEFAULT '',
    visibility   text NOT NULL DEFAULT 'private',
    status       text NOT NULL DEFAULT 'INITIATED',
    filename     text NOT NULL,
    filesize     bigint NOT NULL,
    filetype     text NOT NULL,
    part_size    bigint NOT NULL,
    -- S3's id of the multipart upload; set while UPLOADING
    upload_id    text,
    failure_code   text,
    failure_detail text,
    -- what the probe found, once it is known (seconds and pixels as shown to a viewer)
    duration     double precision,
    width        integer,
    height       integer,
    -- the plan that its playlists are written from: src/matinee/media/model.py, Plan
    plan         jsonb,
    has_poster   boolean NOT NULL DEFAULT false,
    -- the ladder's background encoding gave up, and why; the video stays playable as far as it exists
    encoding_failure text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    ready_at     timestamptz,
    -- set when its owner deleted it: invisible at once, its objects are removed by a job, then the row
    deleted_at   timestamptz,
    CONSTRAINT videos_status_known CHECK (status IN ('INITIATED', 'UPLOADING', 'PROCESSING', 'READY', 'FAILED')),
    CONSTRAINT videos_visibility_known CHECK (visibility IN ('public', 'unlisted', 'private')),
    CONSTRAINT videos_failed_says_why CHECK ((status = 'FAILED') = (failure_code IS NOT NULL)),
    CONSTRAINT videos_ready_has_plan CHECK (status <> 'READY' OR plan IS NOT NULL),
    CONSTRAINT videos_title_length CHECK (char_length(title) BETWEEN 1 AND 100),
    CONSTRAINT videos_filesize_positive CHECK (filesize > 0)
);

CREATE INDEX videos_by_owner ON videos (owner_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX videos_by_owner_status ON videos (owner_id, status, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX videos_public ON videos (created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND visibility = 'public' AND status = 'READY';
CREATE INDEX videos_unfinished ON videos (status, updated_at) WHERE status IN ('INITIATED', 'UPLOADING', 'FAILED');
CREATE INDEX videos_deleted ON videos (deleted_at) WHERE deleted_at IS NOT NULL;

-- One row a rendition of the plan; `stored` holds the indexes of the cells whose objects are stored whole.
CREATE TABLE renditions (
    video_id       uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    name           text NOT NULL,
    recipe         text NOT NULL,
    position       smallint NOT NULL,
    cells          integer NOT NULL,
    stored         int4multirange NOT NULL DEFAULT '{}',
    -- bytes of the cells in `stored`, for AVERAGE-BANDWIDTH
    bytes          bigint NOT NULL DEFAULT 0,
    -- SHA-256 of the init segment: every chunk must make the same one
    init_hash      bytea,
    -- per cell, bytes from its start to the end of its first keyframe, for the I-frame playlist (1-based, NULL: none)
    keyframe_bytes integer[] NOT NULL DEFAULT '{}',
    first_cell_at  timestamptz,
    PRIMARY KEY (video_id, name),
    CONSTRAINT renditions_cells_positive CHECK (cells > 0),
    CONSTRAINT renditions_stored_on_grid CHECK (stored <@ int4multirange(int4range(0, cells)))
);
