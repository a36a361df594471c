-- What the files are that were uploaded. Only what this server has read of the storage itself counts as known.

-- The SHA-256 of a file as it was read whole, some seconds after its upload; older files follow by and by. A file is known by the
-- video that keeps it and its revision, as its key is. It never changes, so what is stored under that key is damaged if it has
-- another hash or another size. No row: not read yet.
CREATE TABLE file_hashes (
    video_id  uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    revision  integer NOT NULL,
    sha256    bytea NOT NULL,
    bytes     bigint NOT NULL,
    hashed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (video_id, revision),
    CONSTRAINT file_hashes_sha256_whole CHECK (octet_length(sha256) = 32)
);

CREATE INDEX file_hashes_by_hash ON file_hashes (sha256);

ALTER TABLE videos
    -- what its file was said to be when it was uploaded; NULL: nothing was said
    ADD COLUMN announced_sha256 bytea,
    -- whether it shows a whole file that another video keeps: it is no clip then
    ADD COLUMN shares_file boolean NOT NULL DEFAULT false,
    -- the owner's video that had the same file before
    ADD COLUMN duplicate_of uuid REFERENCES videos ON DELETE SET NULL,
    ADD CONSTRAINT videos_announced_sha256_whole CHECK (octet_length(announced_sha256) = 32),
    ADD CONSTRAINT videos_shared_file_is_anothers CHECK (NOT shares_file OR source_id IS NOT NULL);

CREATE INDEX videos_by_duplicate ON videos (duplicate_of) WHERE duplicate_of IS NOT NULL;

ALTER TABLE added_sounds
    -- the SHA-256 of its file, as in file_hashes; NULL: not read yet
    ADD COLUMN sha256 bytea,
    ADD CONSTRAINT added_sounds_sha256_whole CHECK (octet_length(sha256) = 32);
