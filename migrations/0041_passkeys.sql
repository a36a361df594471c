-- Passkeys (WebAuthn). Nothing here is secret: a public key opens nothing.

CREATE TABLE passkeys (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id bytea NOT NULL,
    public_key    bytea NOT NULL,   -- COSE
    sign_count    bigint NOT NULL,  -- of the last use; one that does not grow is that of a copy, or always zero
    name          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    CONSTRAINT passkeys_credential_unique UNIQUE (credential_id)
);

CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);

-- What a passkey is to sign. A row goes with its answer.
CREATE TABLE passkey_challenges (
    challenge  bytea PRIMARY KEY,
    purpose    text NOT NULL,
    user_id    uuid REFERENCES users ON DELETE CASCADE,  -- null: whoever signs in by a passkey alone
    expires_at timestamptz NOT NULL,
    CONSTRAINT passkey_challenges_purpose_known CHECK (purpose IN ('register', 'sign_in'))
);

CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);
