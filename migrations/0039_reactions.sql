-- Who likes a video and who does not: one reaction of an account.
CREATE TABLE reactions (
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (video_id, user_id),
    CONSTRAINT reactions_kind_known CHECK (kind IN ('like', 'dislike'))
);

CREATE INDEX reactions_by_user ON reactions (user_id);

ALTER TABLE video_counts
    ADD COLUMN likes bigint NOT NULL DEFAULT 0,
    ADD COLUMN dislikes bigint NOT NULL DEFAULT 0;

ALTER TABLE count_changes
    ADD COLUMN likes integer NOT NULL DEFAULT 0,
    ADD COLUMN dislikes integer NOT NULL DEFAULT 0;
