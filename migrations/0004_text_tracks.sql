-- Text tracks of videos, and their chapters. A track's WebVTT file is an object under the video's prefix.

CREATE TABLE text_tracks (
    id         uuid PRIMARY KEY,
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    kind       text NOT NULL,
    -- BCP 47; `und` where nobody said
    language   text NOT NULL,
    name       text NOT NULL,
    is_default boolean NOT NULL,
    is_forced  boolean NOT NULL,
    -- the stream of the uploaded film that it was taken from
    source_stream integer,
    -- how the file came: srt, vtt, ass, ttml, and how it was read
    format     text NOT NULL,
    encoding   text NOT NULL,
    cues       integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- players offer subtitles and captions in one menu, of which one entry may be the default
    menu       text NOT NULL GENERATED ALWAYS AS (CASE WHEN kind = 'captions' THEN 'subtitles' ELSE kind END) STORED,
    CONSTRAINT text_tracks_kind_known
        CHECK (kind IN ('subtitles', 'captions', 'descriptions', 'chapters', 'metadata')),
    CONSTRAINT text_tracks_forced_are_subtitles CHECK (NOT is_forced OR kind = 'subtitles')
);

CREATE INDEX text_tracks_by_video ON text_tracks (video_id, created_at, source_stream, id);
CREATE UNIQUE INDEX text_tracks_one_default ON text_tracks (video_id, menu) WHERE is_default;
CREATE UNIQUE INDEX text_tracks_one_a_stream ON text_tracks (video_id, source_stream) WHERE source_stream IS NOT NULL;

CREATE TABLE chapters (
    video_id uuid PRIMARY KEY REFERENCES videos ON DELETE CASCADE,
    -- [{"start": seconds, "title": text}], in order
    items    jsonb NOT NULL
);
