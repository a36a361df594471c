-- No account has all that is received and fetched, and what is stored can be told from what was.

-- Who has his share of the places for files that are fetched: half of those that living workers have, and at least one.
-- A server that sends slowly keeps its place for hours, so that turns alone would leave the others none.
CREATE FUNCTION import_hogs(queues varchar[]) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(hog.share), '{}') FROM (
        SELECT share FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = ANY (queues)
        GROUP BY share HAVING count(*) >= (
            SELECT greatest(1, sum(w.slots) / 2) FROM job_workers w JOIN procrastinate_workers p USING (id)
            WHERE w.lane = 'imports' AND p.last_heartbeat > now() - interval '1 minute')) AS hog
$$;

CREATE OR REPLACE FUNCTION fetch_job(fetched_queues varchar[], fetcher bigint) RETURNS procrastinate_jobs LANGUAGE plpgsql
AS $$
DECLARE
    kind text := array_to_string(fetched_queues, ' ');
    former uuid;
    job procrastinate_jobs;
    served uuid[] := CASE WHEN fetched_queues[1] = 'imports' THEN import_hogs(fetched_queues) ELSE '{}' END;
BEGIN
    FOR wanted_band IN REVERSE 3..-1 LOOP
        former := coalesce((SELECT t.share FROM turns t WHERE t.queues = kind AND t.band = wanted_band),
            '00000000-0000-0000-0000-000000000000');
        SELECT following.* INTO job
        FROM unnest(fetched_queues) AS q (name) CROSS JOIN LATERAL (
            SELECT * FROM procrastinate_jobs w
            WHERE w.queue_name = q.name AND w.band = wanted_band AND w.status = 'todo' AND w.share > former
              AND w.share <> ALL (served)
              AND (w.scheduled_at IS NULL OR w.scheduled_at <= now())
              AND NOT EXISTS (SELECT FROM procrastinate_jobs r WHERE r.lock = w.lock AND r.status = 'doing')
            ORDER BY w.share, w.priority DESC, w.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS following
        ORDER BY following.share, following.priority DESC, following.id LIMIT 1;
        IF job.id IS NULL THEN  -- the round is over: the next one begins with the first
            SELECT following.* INTO job
            FROM unnest(fetched_queues) AS q (name) CROSS JOIN LATERAL (
                SELECT * FROM procrastinate_jobs w
                WHERE w.queue_name = q.name AND w.band = wanted_band AND w.status = 'todo' AND w.share <= former
                  AND w.share <> ALL (served)
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

-- The MD5 of each cell as it was stored, 16 bytes each, 32 cells a row; zeros: not known. Of what was recorded before
-- there is no row. A row is written anew with each of its cells, so it is short, and leaves room on its page for that.
CREATE TABLE cell_hashes (
    video_id uuid NOT NULL,
    name     text NOT NULL,
    page     integer NOT NULL,
    md5s     bytea NOT NULL,
    PRIMARY KEY (video_id, name, page),
    FOREIGN KEY (video_id, name) REFERENCES renditions ON DELETE CASCADE,
    CONSTRAINT cell_hashes_whole CHECK (length(md5s) = 512)
) WITH (fillfactor = 70);

-- The same of everything else that is made: init segments, pictures, texts, layouts. The name is the key below the video's.
CREATE TABLE object_hashes (
    video_id uuid NOT NULL REFERENCES videos ON DELETE CASCADE,
    name     text NOT NULL,
    md5      bytea NOT NULL,
    PRIMARY KEY (video_id, name)
);
