-- Many workers: who they are, whose turn it is, why a job failed, and what people say about the jobs of a video.

ALTER TABLE procrastinate_jobs
    -- whose turn the job takes: the owner of its video; nil for what is nobody's
    ADD COLUMN share uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- 3: somebody waits for it · 2, 1, 0: high, normal, low priority · -1: when nothing else is to be done; those of a band take turns by `share`
    ADD COLUMN band smallint NOT NULL DEFAULT 1;

ALTER TABLE videos
    ADD COLUMN encode_priority smallint NOT NULL DEFAULT 1,
    ADD CONSTRAINT videos_encode_priority_known CHECK (encode_priority BETWEEN 0 AND 2),
    -- somebody stopped the filling of its ladder; it stays playable
    ADD COLUMN filling_cancelled_at timestamptz;

UPDATE procrastinate_jobs j
SET share = v.owner_id, band = CASE WHEN j.priority >= 1000 THEN 3 WHEN j.priority <= -1000000 THEN -1 ELSE 1 END
FROM videos v WHERE j.status = 'todo' AND v.id::text = j.args ->> 'video_id';

-- Whoever looks for a job finds the next one here, however many wait.
CREATE INDEX jobs_by_turn ON procrastinate_jobs (queue_name, band, share, priority DESC, id) WHERE status = 'todo';
CREATE INDEX jobs_by_video ON procrastinate_jobs ((args ->> 'video_id'));

-- Whose turn it was last, by the queues that are fetched from together. Not logged: after a crash of the server
-- the round begins anew.
CREATE UNLOGGED TABLE turns (
    queues text NOT NULL,
    band   smallint NOT NULL,
    share  uuid NOT NULL,
    PRIMARY KEY (queues, band)
);

-- What a job's video says of its turn.
CREATE FUNCTION turn_of(args jsonb) RETURNS TABLE (share uuid, band smallint) LANGUAGE sql STABLE
AS $$ SELECT owner_id, encode_priority FROM videos WHERE id = (args ->> 'video_id')::uuid $$;

-- Takes the next job: of the highest band the next owner in turn, and of his jobs the first by priority and age.
-- In the place of procrastinate_fetch_job_v2, which looks through all that wait and knows no turns.
CREATE FUNCTION fetch_job(fetched_queues varchar[], fetcher bigint) RETURNS procrastinate_jobs LANGUAGE plpgsql
AS $$
DECLARE
    kind text := array_to_string(fetched_queues, ' ');
    former uuid;
    job procrastinate_jobs;
BEGIN
    FOR wanted_band IN REVERSE 3..-1 LOOP
        former := coalesce((SELECT t.share FROM turns t WHERE t.queues = kind AND t.band = wanted_band),
            '00000000-0000-0000-0000-000000000000');
        SELECT following.* INTO job
        FROM unnest(fetched_queues) AS q (name) CROSS JOIN LATERAL (
            SELECT * FROM procrastinate_jobs w
            WHERE w.queue_name = q.name AND w.band = wanted_band AND w.status = 'todo' AND w.share > former
              AND (w.scheduled_at IS NULL OR w.scheduled_at <= now())
              AND NOT EXISTS (SELECT FROM procrastinate_jobs r WHERE r.lock = w.lock AND r.status = 'doing')
            ORDER BY w.share, w.priority DESC, w.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS following
        ORDER BY following.share, following.priority DESC, following.id LIMIT 1;
        IF job.id IS NULL THEN  -- the round is over: the next one begins with the first
            SELECT following.* INTO job
            FROM unnest(fetched_queues) AS q (name) CROSS JOIN LATERAL (
                SELECT * FROM procrastinate_jobs w
                WHERE w.queue_name = q.name AND w.band = wanted_band AND w.status = 'todo' AND w.share <= former
                  AND (w.scheduled_at IS NULL OR w.scheduled_at <= now())
                  AND NOT EXISTS (SELECT FROM procrastinate_jobs r WHERE r.lock = w.lock AND r.status = 'doing')
                ORDER BY w.share, w.priority DESC, w.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS following
            ORDER BY following.share, following.priority DESC, following.id LIMIT 1;
        END IF;
        IF job.id IS NOT NULL THEN
            UPDATE procrastinate_jobs SET status = 'doing', worker_id = fetcher WHERE id = job.id
            RETURNING * INTO job;
            INSERT INTO turns AS t (queues, band, share) VALUES (kind, wanted_band, job.share)
            ON CONFLICT ON CONSTRAINT turns_pkey DO UPDATE SET share = EXCLUDED.share;
            RETURN job;
        END IF;
    END LOOP;
    RETURN NULL;
END;
$$;

-- Who the workers are. One row a lane of a process: each lane sends signs of life of its own.
CREATE TABLE job_workers (
    id         bigint PRIMARY KEY REFERENCES procrastinate_workers ON DELETE CASCADE,
    lane       text NOT NULL,
    slots      integer NOT NULL,
    name       text NOT NULL,
    host       text NOT NULL,
    pid        integer NOT NULL,
    labels     text[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);

-- Why a job's last run failed; gone with the job.
CREATE TABLE job_errors (
    job_id    bigint PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE,
    failed_at timestamptz NOT NULL DEFAULT now(),
    attempt   integer NOT NULL,
    -- for people
    sentence  text NOT NULL,
    -- for administrators
    evidence  text NOT NULL,
    worker    text
);
