-- Addresses are verified, passwords reset and accounts invited by links that work once; wrong guesses make one wait.

ALTER TABLE users ADD COLUMN email_verified_at timestamptz;

-- What a link of a letter holds; only SHA-256 hashes are stored.
CREATE TABLE account_tokens (
    hash       bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose    text NOT NULL,
    email      text NOT NULL,  -- whoever has the link reads the letters to this address
    expires_at timestamptz NOT NULL,
    CONSTRAINT account_tokens_purpose_known CHECK (purpose IN ('email', 'password'))
);

CREATE INDEX account_tokens_by_user ON account_tokens (user_id, purpose);
CREATE INDEX account_tokens_by_expiry ON account_tokens (expires_at);

CREATE TABLE registration_invitations (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    hash       bytea NOT NULL UNIQUE,
    email      text NOT NULL,
    created_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE INDEX registration_invitations_newest ON registration_invitations (created_at DESC, id DESC);
CREATE INDEX registration_invitations_by_expiry ON registration_invitations (expires_at);

-- Losing them in a crash only spares somebody a wait.
CREATE UNLOGGED TABLE guesses (
    bucket     text PRIMARY KEY,
    made       integer NOT NULL,
    wait_until timestamptz NOT NULL,
    forget_at  timestamptz NOT NULL
);

CREATE INDEX guesses_by_end ON guesses (forget_at);
