-- Playlists: videos in an order of one's own, of a person or a team.

CREATE TABLE playlists (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind        text NOT NULL DEFAULT 'list',
    title       text NOT NULL,
    description text NOT NULL DEFAULT '',
    visibility  text NOT NULL,
    items       integer NOT NULL DEFAULT 0,           -- how many there are; the triggers below keep it
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),   -- when a video was added, or something else said of it
    CONSTRAINT playlists_kind_known CHECK (kind IN ('list', 'watch_later')),
    CONSTRAINT playlists_visibility_known CHECK (visibility IN ('public', 'unlisted', 'private')),
    CONSTRAINT playlists_watch_later_private CHECK (kind = 'list' OR visibility = 'private'),
    CONSTRAINT playlists_items_positive CHECK (items >= 0)
) WITH (fillfactor = 80);

CREATE INDEX playlists_by_owner ON playlists (owner_id, updated_at DESC, id DESC);
CREATE INDEX playlists_public ON playlists (owner_id, updated_at DESC, id DESC) WHERE visibility = 'public';
CREATE UNIQUE INDEX playlists_watch_later_once ON playlists (owner_id) WHERE kind = 'watch_later';

-- Places leave gaps, so that to move an item is to write one row. An item has an id of its own: who may not see the
-- video does not learn which it is.
CREATE TABLE playlist_items (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    playlist_id uuid NOT NULL REFERENCES playlists ON DELETE CASCADE,
    video_id    uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    place       bigint NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT playlist_items_video_once UNIQUE (playlist_id, video_id),
    CONSTRAINT playlist_items_place_once UNIQUE (playlist_id, place) DEFERRABLE  -- all are renumbered by one statement
);

CREATE INDEX playlist_items_by_video ON playlist_items (video_id);

-- By triggers, because items go with their video, too, whoever deletes that.
CREATE FUNCTION count_playlist_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE playlists p SET
        items = p.items + CASE TG_OP WHEN 'INSERT' THEN c.items ELSE -c.items END,
        updated_at = CASE TG_OP WHEN 'INSERT' THEN now() ELSE p.updated_at END
    FROM (SELECT playlist_id, count(*)::integer AS items FROM changed GROUP BY playlist_id) c
    WHERE p.id = c.playlist_id;
    RETURN NULL;
END $$;

CREATE TRIGGER playlist_items_added AFTER INSERT ON playlist_items
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_playlist_items();
CREATE TRIGGER playlist_items_removed AFTER DELETE ON playlist_items
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_playlist_items();

-- Each person has a list of what to watch later, however the account came about.
CREATE FUNCTION give_watch_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO playlists (owner_id, kind, title, visibility) VALUES (NEW.id, 'watch_later', 'Watch later', 'private');
    RETURN NULL;
END $$;

CREATE TRIGGER users_watch_later AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.kind = 'user') EXECUTE FUNCTION give_watch_later();

INSERT INTO playlists (owner_id, kind, title, visibility)
SELECT id, 'watch_later', 'Watch later', 'private' FROM users WHERE kind = 'user';
