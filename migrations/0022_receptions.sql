-- Files that come through the server, whose clients do not send their parts to the storage themselves.

CREATE TABLE receptions (
    video_id  uuid PRIMARY KEY REFERENCES videos ON DELETE CASCADE,
    -- bytes that are stored, from the first on without a gap: whole parts, then pieces
    received  bigint NOT NULL DEFAULT 0,
    -- of the parts of the S3 upload; 10,000 at most
    etags     text[] NOT NULL DEFAULT '{}',
    -- the objects with what lies behind the last whole part, in order: [{"name": …, "size": …}]
    pieces    jsonb NOT NULL DEFAULT '[]',
    -- the request that may record; a newer one takes over
    writer    uuid,
    -- what its client said of it, as it was said
    metadata  text,
    -- the uploads that this one is joined of, in order
    fragments uuid[] NOT NULL DEFAULT '{}'
);

-- A piece of a file that was uploaded on its own, and in no list: the video that it became part of, or itself until then.
ALTER TABLE videos ADD COLUMN fragment_of uuid;
CREATE INDEX videos_fragments ON videos (fragment_of) WHERE fragment_of IS NOT NULL;
