-- What was done that matters to security: who, what, when, from where. Written once, read, and let go by age alone.

CREATE TABLE audit_events (
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    what       text NOT NULL,
    actor      text NOT NULL,
    -- No references: the account may go, what it did stays.
    actor_id   uuid,
    key_id     uuid,
    target     uuid,
    account_id uuid,  -- whom it concerns, who may see it
    ip         inet,
    detail     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (at, id),
    CONSTRAINT audit_events_actor_known CHECK (actor IN ('account', 'api_key', 'anyone', 'command_line', 'server'))
);

-- A page of any one filter reads its own rows alone, however many there are.
CREATE INDEX audit_events_by_what ON audit_events (what, at, id);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_by_target ON audit_events (target, at, id) WHERE target IS NOT NULL;
CREATE INDEX audit_events_by_account ON audit_events (account_id, at, id) WHERE account_id IS NOT NULL;

-- Whoever gets hold of the application's connection can add to it, and cannot rewrite it. Upkeep says that it is
-- upkeep, and even then nothing goes that is younger than the shortest time that the setting allows.
CREATE FUNCTION keep_audit_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('matinee.retention', true) = 'audit' AND OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION keep_audit_events();
CREATE TRIGGER audit_events_not_emptied BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_events();
