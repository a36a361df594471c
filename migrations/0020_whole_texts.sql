-- What people wrote for a video of which a part is shown is kept whole: all of its file may be shown again.

ALTER TABLE text_tracks
    -- the track's object before it was cut, and the millisecond of it at which the part begins
    ADD COLUMN whole uuid,
    ADD COLUMN whole_start integer,
    ADD CONSTRAINT text_tracks_whole_from_somewhere CHECK ((whole IS NULL) = (whole_start IS NULL));

ALTER TABLE chapters
    -- the same of chapters, in seconds
    ADD COLUMN whole jsonb,
    ADD COLUMN whole_start double precision,
    ADD CONSTRAINT chapters_whole_from_somewhere CHECK ((whole IS NULL) = (whole_start IS NULL));
