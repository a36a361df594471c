-- An account has so many sessions at most: who signs in once more ends the one that was used longest ago.
ALTER TABLE sessions
    DROP CONSTRAINT sessions_revoked_why_known,
    ADD CONSTRAINT sessions_revoked_why_known CHECK (
        revoked_why IN ('logout', 'logout_all', 'replay', 'revoked', 'password_changed', 'password_reset',
            'administrator', 'suspended', 'role_changed', 'closed', 'too_many'));

CREATE INDEX sessions_open ON sessions (user_id, last_used_at) WHERE revoked_at IS NULL;
