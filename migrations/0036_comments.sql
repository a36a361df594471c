-- What people say about videos.

ALTER TABLE videos
    ADD COLUMN comment_policy text NOT NULL DEFAULT 'open',
    ADD COLUMN pinned_comment uuid,  -- of no key: one that is gone is pinned no more
    ADD CONSTRAINT videos_comment_policy_known CHECK (comment_policy IN ('off', 'held', 'open'));

-- A thread is a top comment and what was answered below it, however deep.
CREATE TABLE comments (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    video_id   uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    author_id  uuid REFERENCES users ON DELETE SET NULL,     -- null: of an account that is gone, or deleted
    root_id    uuid REFERENCES comments ON DELETE CASCADE,   -- null: a top comment
    parent_id  uuid REFERENCES comments ON DELETE SET NULL,  -- what it answers
    state      text NOT NULL,
    text       text NOT NULL,
    mentions   uuid[] NOT NULL DEFAULT '{}',
    replies    integer NOT NULL DEFAULT 0,  -- of a top comment: those below it that are shown
    likes      integer NOT NULL DEFAULT 0,
    score      integer NOT NULL GENERATED ALWAYS AS (replies + likes) STORED,
    reports    integer NOT NULL DEFAULT 0,  -- that nobody has decided on
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at  timestamptz,
    CONSTRAINT comments_state_known CHECK (state IN ('shown', 'held', 'hidden', 'deleted')),
    CONSTRAINT comments_counts_positive CHECK (replies >= 0 AND likes >= 0 AND reports >= 0),
    CONSTRAINT comments_mentions_few CHECK (cardinality(mentions) <= 10),
    CONSTRAINT comments_reply_whole CHECK ((root_id IS NULL) OR (replies = 0))
);

-- The lists: each is read in its order, whatever else a video has.
CREATE INDEX comments_newest ON comments (video_id, created_at DESC, id DESC)
    WHERE root_id IS NULL AND (state = 'shown' OR (state = 'deleted' AND replies > 0));
CREATE INDEX comments_top ON comments (video_id, score DESC, created_at DESC, id DESC)
    WHERE root_id IS NULL AND (state = 'shown' OR (state = 'deleted' AND replies > 0));
CREATE INDEX comments_replies ON comments (root_id, created_at, id) WHERE root_id IS NOT NULL;
CREATE INDEX comments_to_review ON comments (video_id, state, created_at DESC, id DESC)
    WHERE state IN ('held', 'hidden');
CREATE INDEX comments_reported ON comments (video_id, created_at DESC, id DESC) WHERE reports > 0;
CREATE INDEX comments_reported_anywhere ON comments (created_at DESC, id DESC) WHERE reports > 0;
-- What the keys above are followed by, and who takes part in a conversation.
CREATE INDEX comments_by_video ON comments (video_id, author_id);
CREATE INDEX comments_by_author ON comments (author_id);
CREATE INDEX comments_by_parent ON comments (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_orphaned ON comments (id) WHERE author_id IS NULL AND state <> 'deleted';

CREATE TABLE comment_likes (
    comment_id uuid NOT NULL REFERENCES comments ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (comment_id, user_id)
);

CREATE INDEX comment_likes_by_user ON comment_likes (user_id);

-- Kept once they are decided on: nobody reports a comment twice.
CREATE TABLE comment_reports (
    comment_id  uuid NOT NULL REFERENCES comments ON DELETE CASCADE,
    reporter_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    reason      text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    PRIMARY KEY (comment_id, reporter_id)
);

CREATE INDEX comment_reports_by_reporter ON comment_reports (reporter_id);

-- Counts of a video, and what is still to be added to them. Whoever changes a count inserts a row, and nobody waits
-- for another; both together are exact at any moment.
CREATE TABLE video_counts (
    video_id uuid PRIMARY KEY REFERENCES videos ON DELETE CASCADE,
    comments bigint NOT NULL DEFAULT 0
);

CREATE TABLE count_changes (
    id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    video_id uuid NOT NULL,
    comments integer NOT NULL DEFAULT 0
);

CREATE INDEX count_changes_by_video ON count_changes (video_id);
