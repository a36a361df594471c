-- API keys that were revoked lately, which every process asks for once a second beside the sessions that have ended.
CREATE INDEX api_keys_by_revocation ON api_keys (revoked_at, id) WHERE revoked_at IS NOT NULL;
