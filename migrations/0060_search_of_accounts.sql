-- Accounts that were shut out or let in again: all their videos are folded anew, some at a time. Whoever adds a row waits
-- for nobody.
CREATE TABLE search_account_changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL,
    -- the newest first; those before this one are still to be folded
    created_at timestamptz NOT NULL DEFAULT 'infinity',
    video_id   uuid NOT NULL DEFAULT 'ffffffff-ffff-ffff-ffff-ffffffffffff'
);

CREATE OR REPLACE FUNCTION note_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_account_changes (account_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
