-- By which rules everything is folded, and how far it is being folded anew; one row.
CREATE TABLE search_state (
    id         boolean PRIMARY KEY DEFAULT true CHECK (id),
    -- their number, `RULES` in modules/search/rules.py
    rules      integer NOT NULL,
    -- of the videos, by their ids, those up to this one are folded anew; null: nothing is
    rebuilt_to uuid
);
INSERT INTO search_state (rules) VALUES (1);

-- What a track says is read in its language: in another one it is read again.
CREATE OR REPLACE FUNCTION note_track_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.language <> OLD.language THEN
        DELETE FROM search_passages WHERE video_id = NEW.video_id AND track_id = NEW.id;
    END IF;
    INSERT INTO search_changes (video_id) VALUES (coalesce(NEW.video_id, OLD.video_id));
    RETURN NULL;
END $$;
