-- The second factor: codes of an app (TOTP, RFC 6238), and recovery codes for whoever has lost it.

CREATE TABLE totp (
    user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret       bytea NOT NULL,             -- sealed
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,                -- null: no code was shown yet, and none is asked for
    last_step    bigint NOT NULL DEFAULT 0   -- codes of this time step and those before are used up
);

-- Of 80 random bits each: a fast hash is enough.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    hash    bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, hash)
);

-- Sign-ins that wait for their second factor. Kept for an hour: wrong codes are bounded for the account, too.
CREATE TABLE sign_in_challenges (
    hash        bytea PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    device_name text NOT NULL,
    wrong       integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    spent_at    timestamptz
);

CREATE INDEX sign_in_challenges_by_user ON sign_in_challenges (user_id, created_at);
CREATE INDEX sign_in_challenges_by_age ON sign_in_challenges (created_at);
