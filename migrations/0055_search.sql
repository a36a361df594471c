-- What is found: a document a video, folded from it within about a second by whichever worker comes first.

-- Videos of which something has changed. Whoever changes them adds rows and waits for nobody.
CREATE TABLE search_changes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    video_id uuid NOT NULL
);

CREATE TABLE search_documents (
    video_id   uuid PRIMARY KEY REFERENCES videos ON DELETE CASCADE,
    owner_id   uuid NOT NULL,
    -- everybody finds it, as far as is known here; whoever reads looks at the video itself once more
    is_listed  boolean NOT NULL,
    -- eight steps for each doubling of its views: what it is sorted by, and seldom written anew
    popularity integer NOT NULL,
    created_at timestamptz NOT NULL,
    duration   double precision,
    -- the first parts of language tags
    language   text NOT NULL,
    captions   text[] NOT NULL,
    -- `sea`: the word as it was written, `~sea`: the stem of one, `#sea`: a tag
    head  tsvector NOT NULL,  -- title and tags
    body  tsvector NOT NULL,  -- description
    whole tsvector NOT NULL   -- all of it and what is said, without places
);

CREATE INDEX search_documents_whole ON search_documents USING gin (whole);
CREATE INDEX search_documents_popular ON search_documents (popularity DESC, created_at DESC, video_id DESC)
    WHERE is_listed;
CREATE INDEX search_documents_newest ON search_documents (created_at DESC, video_id DESC) WHERE is_listed;
CREATE INDEX search_documents_owners_popular
    ON search_documents (owner_id, popularity DESC, created_at DESC, video_id DESC);
CREATE INDEX search_documents_owners_newest ON search_documents (owner_id, created_at DESC, video_id DESC);

-- What is said in about a minute: `lines` holds, a line each, the milliseconds and the text.
CREATE TABLE search_passages (
    video_id uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    track_id uuid NOT NULL,
    number   integer NOT NULL,
    lines    text NOT NULL,
    words    tsvector NOT NULL,
    PRIMARY KEY (video_id, track_id, number)
);

-- In how many documents a word stands: of all, and of those that everybody finds.
CREATE TABLE search_words (
    word      text COLLATE "C" PRIMARY KEY,
    documents integer NOT NULL,
    listed    integer NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX search_words_begun ON search_words (left(word, 2), listed DESC) WHERE listed > 0;
CREATE INDEX search_words_alike ON search_words USING gin (word gin_trgm_ops) WHERE listed > 0;

CREATE FUNCTION note_video_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (video_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER videos_searched AFTER INSERT OR UPDATE OF owner_id, title, description, tags, language, visibility,
    status, duration, deleted_at ON videos
    FOR EACH ROW EXECUTE FUNCTION note_video_change();

CREATE FUNCTION note_track_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (video_id) VALUES (coalesce(NEW.video_id, OLD.video_id));
    RETURN NULL;
END $$;
CREATE TRIGGER text_tracks_searched AFTER INSERT OR DELETE OR UPDATE OF state, language, kind ON text_tracks
    FOR EACH ROW EXECUTE FUNCTION note_track_change();

CREATE FUNCTION note_popularity_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (video_id) VALUES (NEW.video_id);
    RETURN NULL;
END $$;
CREATE TRIGGER video_counts_first_searched AFTER INSERT ON video_counts FOR EACH ROW
    EXECUTE FUNCTION note_popularity_change();
CREATE TRIGGER video_counts_searched AFTER UPDATE OF views ON video_counts FOR EACH ROW
    WHEN (floor(8 * log(2.0, 1 + greatest(NEW.views, 0))) <> floor(8 * log(2.0, 1 + greatest(OLD.views, 0))))
    EXECUTE FUNCTION note_popularity_change();

CREATE FUNCTION note_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (video_id) SELECT id FROM videos WHERE owner_id = NEW.id AND deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER users_searched AFTER UPDATE ON users FOR EACH ROW
    WHEN ((NEW.shut_at IS NULL) <> (OLD.shut_at IS NULL)) EXECUTE FUNCTION note_account_change();

-- What is here already.
INSERT INTO search_changes (video_id) SELECT id FROM videos WHERE deleted_at IS NULL ORDER BY created_at;
