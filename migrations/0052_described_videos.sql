-- What a video is about, and the language that says so.

ALTER TABLE videos
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
    -- BCP 47, of title and description; `und` where nobody said
    ADD COLUMN language text NOT NULL DEFAULT 'und';
