-- Videos whose file is fetched from an address.
ALTER TABLE videos
    -- where from, without what the address asks for; NULL: its file was uploaded
    ADD COLUMN imported_from text,
    DROP CONSTRAINT videos_filesize_positive,
    -- of a file that is being fetched it grows with what is reserved for it
    ADD CONSTRAINT videos_filesize_positive CHECK (filesize > 0 OR (filesize = 0 AND imported_from IS NOT NULL));

-- What is fetched, until it is here.
CREATE TABLE imports (
    video_id  uuid PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    url       text NOT NULL,
    -- by which the server tells whether it is still the same file; NULL: it cannot, so that no part of it can be asked for
    validator text,
    -- bytes; NULL: not known
    length    bigint,
    received  bigint NOT NULL DEFAULT 0,
    -- why the last try broke off
    trouble   text,
    began_at  timestamptz
);
