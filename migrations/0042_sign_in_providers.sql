-- Signing in by OpenID Connect. Who somebody is says the pair of issuer and subject, and nothing else does.

-- Of an account that was never given a password.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

CREATE TABLE linked_sign_ins (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    issuer       text NOT NULL,
    subject      text NOT NULL,
    label        text NOT NULL,  -- for people: it may change, and says nothing
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    CONSTRAINT linked_sign_ins_subject_unique UNIQUE (issuer, subject)
);

CREATE INDEX linked_sign_ins_by_user ON linked_sign_ins (user_id, created_at);
