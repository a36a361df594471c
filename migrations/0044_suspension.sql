-- Accounts that are shut out, and finding accounts.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE users
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_why text,
    ADD CONSTRAINT users_suspended_says_why CHECK ((suspended_at IS NULL) = (suspended_why IS NULL));

ALTER TABLE sessions
    DROP CONSTRAINT sessions_revoked_why_known,
    ADD CONSTRAINT sessions_revoked_why_known CHECK (
        revoked_why IN ('logout', 'logout_all', 'replay', 'revoked', 'password_changed', 'password_reset',
            'administrator', 'suspended', 'role_changed'));

-- Every process asks once a second what has ended since.
CREATE INDEX sessions_by_end ON sessions (revoked_at, id) WHERE revoked_at IS NOT NULL;
CREATE INDEX users_suspended ON users (suspended_at) WHERE suspended_at IS NOT NULL;

CREATE INDEX users_by_age ON users (created_at, id);
CREATE INDEX users_admins ON users (created_at, id) WHERE role = 'ADMIN';
CREATE INDEX users_by_text ON users USING gin ((lower(name || ' ' || coalesce(email, ''))) gin_trgm_ops);
