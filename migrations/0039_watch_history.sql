-- What an account has watched, and where it goes on: one row a video.
CREATE TABLE watch_history (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    position   double precision NOT NULL,  -- seconds
    watched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, video_id)
) WITH (fillfactor = 80);

CREATE INDEX watch_history_newest ON watch_history (user_id, watched_at DESC, video_id DESC);
CREATE INDEX watch_history_by_video ON watch_history (video_id);

ALTER TABLE users ADD COLUMN history_paused boolean NOT NULL DEFAULT false;
