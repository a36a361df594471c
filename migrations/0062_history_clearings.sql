-- Whose history is cleared: of what he watched until then nothing is shown from now on, and upkeep removes it.
CREATE TABLE history_clearings (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    until   timestamptz NOT NULL DEFAULT clock_timestamp()
);
