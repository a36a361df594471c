-- Text tracks that a machine makes of the sound.

ALTER TABLE text_tracks
    -- players see what is ready alone
    ADD COLUMN state text NOT NULL DEFAULT 'ready',
    -- heard by a machine, and read by nobody since
    ADD COLUMN machine_made boolean NOT NULL DEFAULT false,
    -- it was made of the sound, whoever has edited it since
    ADD COLUMN of_sound boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT text_tracks_state_known CHECK (state IN ('making', 'ready', 'failed')),
    ADD CONSTRAINT text_tracks_machines_work CHECK (state = 'ready' OR machine_made),
    ADD CONSTRAINT text_tracks_machines_hear CHECK (of_sound OR NOT machine_made);

-- One at a time: the next would hear the same.
CREATE UNIQUE INDEX text_tracks_one_in_making ON text_tracks (video_id) WHERE state = 'making';

CREATE TABLE hearings (
    track_id    uuid PRIMARY KEY REFERENCES text_tracks ON DELETE CASCADE,
    -- the rendition that is listened to
    sound       text NOT NULL,
    -- the language that was declared; NULL: it is to be found out
    declared    text,
    -- how sure the model is of the language that it found
    probability real,
    -- windows of the sound, and how many of them were heard
    windows     integer,
    heard       integer NOT NULL DEFAULT 0,
    failure     text
);

-- What was heard in a window, until all are joined.
CREATE TABLE heard_windows (
    track_id uuid NOT NULL REFERENCES hearings ON DELETE CASCADE,
    number   integer NOT NULL,
    -- [[start, end, text]], in milliseconds of the video
    words    jsonb NOT NULL,
    PRIMARY KEY (track_id, number)
);
