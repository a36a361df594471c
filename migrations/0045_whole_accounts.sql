-- Accounts that are to be deleted: shut out at once, erased when their time of grace is over.

ALTER TABLE users
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN erase_at timestamptz,
    ADD CONSTRAINT users_closed_ends CHECK ((closed_at IS NULL) = (erase_at IS NULL)),
    -- Since when it is shut out, for whatever reason: what all ask who let somebody in.
    ADD COLUMN shut_at timestamptz GENERATED ALWAYS AS (coalesce(suspended_at, closed_at)) STORED;

DROP INDEX users_suspended;
CREATE INDEX users_shut ON users (shut_at) WHERE shut_at IS NOT NULL;
CREATE INDEX users_to_erase ON users (erase_at) WHERE erase_at IS NOT NULL;

ALTER TABLE sessions
    DROP CONSTRAINT sessions_revoked_why_known,
    ADD CONSTRAINT sessions_revoked_why_known CHECK (
        revoked_why IN ('logout', 'logout_all', 'replay', 'revoked', 'password_changed', 'password_reset',
            'administrator', 'suspended', 'role_changed', 'closed'));

-- Whom a video is shared with, the other way round.
CREATE INDEX videos_by_viewer ON videos USING gin (viewers) WHERE viewers <> '{}';

-- All of an account as one file, made by a job; the latest that was asked for.
CREATE TABLE account_exports (
    user_id       uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    id            uuid NOT NULL DEFAULT gen_random_uuid(),  -- names its object
    include_files boolean NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT now(),
    percent       smallint NOT NULL DEFAULT 0,
    size          bigint,
    ready_at      timestamptz,
    failed_at     timestamptz,
    CONSTRAINT account_exports_ready_whole CHECK ((size IS NULL) = (ready_at IS NULL)),
    CONSTRAINT account_exports_percent CHECK (percent BETWEEN 0 AND 100)
);

CREATE INDEX account_exports_by_age ON account_exports (coalesce(ready_at, failed_at));

DROP INDEX comments_by_author;
CREATE INDEX comments_by_author ON comments (author_id, id);
