-- Accounts: users, one session a device (a family of refresh tokens), and what protects sensitive routes.

CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email         text NOT NULL,
    password_hash text NOT NULL,
    name          text NOT NULL,
    bio           text NOT NULL DEFAULT '',
    role          text NOT NULL DEFAULT 'USER',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_role_known CHECK (role IN ('USER', 'ADMIN'))
);

-- People type their address as they like; it is one account all the same.
CREATE UNIQUE INDEX users_email_unique ON users (lower(email));

CREATE TABLE sessions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    device_name  text NOT NULL DEFAULT '',
    ip           inet,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    revoked_why  text,
    CONSTRAINT sessions_revoked_why_known CHECK (revoked_why IN ('logout', 'logout_all', 'replay'))
);

CREATE INDEX sessions_by_user ON sessions (user_id) WHERE revoked_at IS NULL;

-- Every refresh token a session ever had, so that a replayed one is recognised. Only SHA-256 hashes are stored.
CREATE TABLE refresh_tokens (
    hash       bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Answers of creating requests, kept 24 h; written in the transaction that did the work.
CREATE TABLE idempotency_keys (
    scope       text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    status      smallint NOT NULL,
    body        bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Counters of the present window; losing them in a crash only resets the counting.
CREATE UNLOGGED TABLE rate_limits (
    bucket     text NOT NULL,
    window_end timestamptz NOT NULL,
    hits       integer NOT NULL,
    PRIMARY KEY (bucket)
);

CREATE INDEX rate_limits_by_end ON rate_limits (window_end);
