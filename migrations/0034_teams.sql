-- Teams: accounts that nobody signs in to, and who belongs to them.

ALTER TABLE users
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN kind text NOT NULL DEFAULT 'user',
    ADD CONSTRAINT users_kind_known CHECK (kind IN ('user', 'team')),
    ADD CONSTRAINT users_people_have_addresses CHECK (kind = 'team' OR email IS NOT NULL),
    ADD CONSTRAINT users_teams_sign_in_never
        CHECK (kind = 'user' OR (email IS NULL AND password_hash IS NULL AND role = 'USER'));

CREATE TABLE team_members (
    team_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role    text NOT NULL,
    since   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, user_id),
    CONSTRAINT team_members_role_known CHECK (role IN ('owner', 'editor', 'viewer'))
);

CREATE INDEX team_members_newest ON team_members (team_id, since DESC, user_id DESC);
CREATE INDEX team_members_by_user ON team_members (user_id);

-- Who is asked to join. Only the SHA-256 of the token in the link is stored; whoever has accepted has none left.
CREATE TABLE team_invitations (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    email      text NOT NULL,
    role       text NOT NULL,
    invited_by uuid REFERENCES users ON DELETE SET NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT team_invitations_token_unique UNIQUE (token_hash),
    CONSTRAINT team_invitations_role_known CHECK (role IN ('owner', 'editor', 'viewer'))
);

CREATE UNIQUE INDEX team_invitations_once ON team_invitations (team_id, lower(email));
CREATE INDEX team_invitations_by_inviter ON team_invitations (invited_by) WHERE invited_by IS NOT NULL;
CREATE INDEX team_invitations_by_end ON team_invitations (expires_at);
