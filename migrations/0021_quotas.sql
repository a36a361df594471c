-- What an account may store. NULL: what the server allows; -1: no limit.
ALTER TABLE users
    ADD COLUMN quota_bytes bigint,
    ADD COLUMN quota_minutes integer,
    ADD CONSTRAINT users_quota_bytes_known CHECK (quota_bytes >= -1),
    ADD CONSTRAINT users_quota_minutes_known CHECK (quota_minutes >= -1);
