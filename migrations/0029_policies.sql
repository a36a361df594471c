-- Who may watch a video beside its owner: people it is shared with, holders of signed tokens, who knows a password.

ALTER TABLE videos
    DROP CONSTRAINT videos_visibility_known,
    ADD CONSTRAINT videos_visibility_known
        CHECK (visibility IN ('public', 'unlisted', 'private', 'signed', 'password')),
    -- In the row, because every playlist and segment asks: it may not cost a join.
    ADD COLUMN viewers uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN password_hash text,
    -- Another at each change of the password: what was let in by the former one is let in no longer.
    ADD COLUMN password_id uuid,
    ADD CONSTRAINT videos_viewers_few CHECK (cardinality(viewers) <= 100),
    ADD CONSTRAINT videos_password_whole CHECK ((password_hash IS NULL) = (password_id IS NULL)),
    ADD CONSTRAINT videos_password_set CHECK (visibility <> 'password' OR password_hash IS NOT NULL);

-- Keys that playback tokens are signed with. Of those of accounts nothing secret is kept.
CREATE TABLE signing_keys (
    id          uuid PRIMARY KEY,
    owner_id    uuid REFERENCES users (id) ON DELETE CASCADE,  -- null: the server's own
    name        text NOT NULL,
    algorithm   text NOT NULL,
    public_key  bytea NOT NULL,  -- DER, SubjectPublicKeyInfo
    private_key bytea,           -- sealed; of the server's own alone
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz,     -- it signs no more; what it has signed holds until it expires
    CONSTRAINT signing_keys_algorithm_known CHECK (algorithm IN ('EdDSA', 'RS256')),
    CONSTRAINT signing_keys_private_ours CHECK ((owner_id IS NULL) = (private_key IS NOT NULL))
);

CREATE INDEX signing_keys_owner ON signing_keys (owner_id, created_at);
-- One at a time signs for the server.
CREATE UNIQUE INDEX signing_keys_server ON signing_keys ((owner_id IS NULL))
    WHERE owner_id IS NULL AND retired_at IS NULL;
