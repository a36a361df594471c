-- Whose role in a team is another, or none any more, than what his access tokens may still say.

CREATE TABLE team_changes (
    team_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, user_id)
);

CREATE INDEX team_changes_by_user ON team_changes (user_id);
-- Every process asks once a second what has changed since.
CREATE INDEX team_changes_by_time ON team_changes (changed_at);
