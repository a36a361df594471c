-- Channels: what accounts show of themselves, and who follows them.

-- Whose a handle is, or was until lately: nobody else's meanwhile.
CREATE TABLE handles (
    handle     text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kept_until timestamptz,  -- null: it is the present one
    CONSTRAINT handles_lower CHECK (handle = lower(handle))
);

CREATE INDEX handles_by_account ON handles (account_id);
CREATE INDEX handles_by_end ON handles (kept_until) WHERE kept_until IS NOT NULL;

ALTER TABLE users ADD COLUMN handle text;  -- the present one once more, for lists of videos: they read names here

-- An account that has said nothing has no row, and a channel all the same.
CREATE TABLE channels (
    account_id  uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    description text NOT NULL DEFAULT '',
    links       jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE channel_pictures (
    account_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    version    text NOT NULL,
    jpeg       bytea NOT NULL,
    PRIMARY KEY (account_id, kind),
    CONSTRAINT channel_pictures_kind_known CHECK (kind IN ('avatar', 'banner')),
    CONSTRAINT channel_pictures_small CHECK (octet_length(jpeg) <= 1048576)
);

ALTER TABLE channel_pictures ALTER COLUMN jpeg SET STORAGE EXTERNAL;  -- it is compressed already

CREATE TABLE subscriptions (
    subscriber_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    channel_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    seen_at       timestamptz NOT NULL DEFAULT now(),  -- what was published later is new
    PRIMARY KEY (subscriber_id, channel_id),
    CONSTRAINT subscriptions_to_others CHECK (subscriber_id <> channel_id)
);

CREATE INDEX subscriptions_newest ON subscriptions (subscriber_id, created_at DESC, channel_id DESC);
CREATE INDEX subscriptions_by_channel ON subscriptions (channel_id);

-- Counts of a channel, and what is still to be added to them: as those of a video.
CREATE TABLE channel_counts (
    channel_id  uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    subscribers bigint NOT NULL DEFAULT 0,
    videos      bigint NOT NULL DEFAULT 0
);

CREATE TABLE channel_count_changes (
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    channel_id  uuid NOT NULL,
    subscribers integer NOT NULL DEFAULT 0,
    videos      integer NOT NULL DEFAULT 0
);

CREATE INDEX channel_count_changes_by_channel ON channel_count_changes (channel_id);

-- A video is published by more than one hand: it is made public, becomes playable, changes its owner, is deleted. So the
-- row itself says when it first was, and has itself counted.
ALTER TABLE videos ADD COLUMN published_at timestamptz;

CREATE FUNCTION publish_video() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.published_at := now();
    RETURN NEW;
END
$$;

CREATE FUNCTION count_published_video() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was boolean := false;
    remains boolean := false;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := OLD.deleted_at IS NULL AND OLD.visibility = 'public' AND OLD.status = 'READY' AND OLD.replaces IS NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        remains := NEW.deleted_at IS NULL AND NEW.visibility = 'public' AND NEW.status = 'READY' AND NEW.replaces IS NULL;
    END IF;
    IF was AND NOT (remains AND NEW.owner_id = OLD.owner_id) THEN
        INSERT INTO channel_count_changes (channel_id, videos) VALUES (OLD.owner_id, -1);
    END IF;
    IF remains AND NOT (was AND NEW.owner_id = OLD.owner_id) THEN
        INSERT INTO channel_count_changes (channel_id, videos) VALUES (NEW.owner_id, 1);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER videos_publish BEFORE INSERT OR UPDATE OF status, visibility, replaces ON videos FOR EACH ROW
    WHEN (NEW.published_at IS NULL AND NEW.visibility = 'public' AND NEW.status = 'READY' AND NEW.replaces IS NULL)
    EXECUTE FUNCTION publish_video();
CREATE TRIGGER videos_count_published
    AFTER INSERT OR DELETE OR UPDATE OF status, visibility, replaces, deleted_at, owner_id ON videos
    FOR EACH ROW EXECUTE FUNCTION count_published_video();

-- Of an account that is shut out the subscriptions count for nothing, until it is let in again.
CREATE FUNCTION count_subscription() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO channel_count_changes (channel_id, subscribers)
        SELECT NEW.channel_id, 1 FROM users WHERE id = NEW.subscriber_id AND shut_at IS NULL;
    ELSE
        INSERT INTO channel_count_changes (channel_id, subscribers)
        SELECT OLD.channel_id, -1 FROM users WHERE id = OLD.subscriber_id AND shut_at IS NULL;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_subscriptions_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO channel_count_changes (channel_id, subscribers)
    SELECT channel_id, CASE WHEN NEW.shut_at IS NULL THEN 1 ELSE -1 END FROM subscriptions
    WHERE subscriber_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER subscriptions_count AFTER INSERT OR DELETE ON subscriptions
    FOR EACH ROW EXECUTE FUNCTION count_subscription();
CREATE TRIGGER users_count_subscriptions AFTER UPDATE OF suspended_at, closed_at ON users FOR EACH ROW
    WHEN ((OLD.shut_at IS NULL) <> (NEW.shut_at IS NULL)) EXECUTE FUNCTION count_subscriptions_of_account();

-- What is published already. When it was first seen is not known: when it could be played.
UPDATE videos SET published_at = coalesce(ready_at, created_at)
WHERE visibility = 'public' AND status = 'READY' AND replaces IS NULL;
INSERT INTO channel_counts (channel_id, videos)
SELECT owner_id, count(*) FROM videos
WHERE deleted_at IS NULL AND visibility = 'public' AND status = 'READY' AND replaces IS NULL GROUP BY owner_id;

-- A channel's list, and a feed that looks at the newest of each of two thousand.
CREATE INDEX videos_published ON videos (owner_id, published_at DESC, id DESC)
    WHERE deleted_at IS NULL AND visibility = 'public' AND status = 'READY' AND replaces IS NULL;
