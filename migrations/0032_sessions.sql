-- Sessions are listed to their users, those that ended lately too, and end for more reasons.

ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_why_known;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_why_known CHECK (revoked_why IN (
    'logout', 'logout_all', 'replay', 'revoked', 'password_changed', 'password_reset', 'administrator'));

DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at DESC, id DESC);
