-- What is cleaned up by the clock is found by an index, and no user's row takes videos with it.

-- Sessions that ended are looked for every five minutes, among all there are.
CREATE INDEX sessions_by_last_use ON sessions (last_used_at);

-- Also those that ended: a user's row takes all of its sessions with it.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- A video's row is all that knows of its objects: they are removed first.
ALTER TABLE videos
    DROP CONSTRAINT videos_owner_id_fkey,
    ADD CONSTRAINT videos_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users ON DELETE RESTRICT;
