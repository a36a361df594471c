-- Encode on demand: who waits for which cell, how much of a video is kept, and when it was last watched.

ALTER TABLE videos
    -- eager: everything is made · on_demand: the lowest rung and the sound are, the rest when somebody watches it
    ADD COLUMN encode_policy text NOT NULL DEFAULT 'eager',
    ADD CONSTRAINT videos_encode_policy_known CHECK (encode_policy IN ('eager', 'on_demand'));

ALTER TABLE renditions
    -- counts its evictions: a cell that was made before one of them is not recorded after it
    ADD COLUMN evictions integer NOT NULL DEFAULT 0,
    -- its objects are being deleted; until that is done nothing is stored
    ADD COLUMN evicting boolean NOT NULL DEFAULT false;

CREATE INDEX renditions_evicting ON renditions (video_id) WHERE evicting;

-- What is being watched of renditions that are not complete. Each row ends by itself; who still waits or reads renews
-- it. Not logged: after a crash of the server, whoever still waits asks again.
CREATE UNLOGGED TABLE interests (
    video_id  uuid NOT NULL,
    rendition text NOT NULL,
    cell      integer NOT NULL,
    -- somebody waits for this cell; otherwise it was read, and those behind it will be
    waits     boolean NOT NULL,
    asked_at  timestamptz NOT NULL DEFAULT now(),
    ends_at   timestamptz NOT NULL,
    PRIMARY KEY (video_id, rendition, cell)
);

CREATE INDEX interests_by_end ON interests (ends_at);

-- When something of a rendition was last read, to the hour. Apart from the rendition, whose row is written cell by cell.
CREATE TABLE watched_renditions (
    video_id   uuid NOT NULL,
    name       text NOT NULL,
    watched_at timestamptz NOT NULL,
    PRIMARY KEY (video_id, name),
    FOREIGN KEY (video_id, name) REFERENCES renditions ON DELETE CASCADE
);
