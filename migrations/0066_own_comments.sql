-- What an account has said, the newest first.
CREATE INDEX comments_of_author_newest ON comments (author_id, created_at DESC, id DESC);
