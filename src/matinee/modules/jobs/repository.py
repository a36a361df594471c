"""Every query about the jobs of videos and about workers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.modules.encoding.service import STORED
from matinee.modules.jobs.rules import Kind
from matinee.modules.videos.rules import Status

_MOST_JOBS = 50
_MOST_WORKERS = 500

# A video's jobs, those first that matter most; the last four columns count all of them.
_OF_VIDEO = """
WITH listed AS MATERIALIZED (
    SELECT *,
        row_number() OVER (ORDER BY array_position('{running,waiting,delayed,failed}'::text[], state),
            band DESC, priority DESC, id) AS place,
        count(*) FILTER (WHERE state = 'waiting') OVER () AS waiting,
        count(*) FILTER (WHERE state = 'running') OVER () AS running,
        count(*) FILTER (WHERE state = 'delayed') OVER () AS delayed,
        count(*) FILTER (WHERE state = 'failed') OVER () AS failed
    FROM (SELECT *, CASE WHEN status = 'doing' THEN 'running' WHEN status = 'failed' THEN 'failed'
                WHEN scheduled_at > now() THEN 'delayed' ELSE 'waiting' END AS state
        FROM procrastinate_jobs
        WHERE args ->> 'video_id' = %(video)s::text AND status IN ('todo', 'doing', 'failed')) mine
    ORDER BY place LIMIT %(most)s
)
"""
# There may be a hundred thousand: they are not counted.
_OF_ALL = """
WITH listed AS MATERIALIZED (
    SELECT *,
        row_number() OVER (ORDER BY array_position('{running,waiting,delayed,failed}'::text[], state),
            band DESC, priority DESC, id) AS place,
        0::bigint AS waiting, 0::bigint AS running, 0::bigint AS delayed, 0::bigint AS failed
    FROM (SELECT *, CASE WHEN status = 'doing' THEN 'running' WHEN status = 'failed' THEN 'failed'
                WHEN scheduled_at > now() THEN 'delayed' ELSE 'waiting' END AS state
        FROM procrastinate_jobs WHERE status = ANY(%(statuses)s::procrastinate_job_status[])) found
    WHERE state = ANY(%(states)s::text[])
    ORDER BY place LIMIT %(most)s
)
"""
# `ahead` is worked out from how much waits by owner: the queue goes round the owners, one job each.
_DETAILS = """
, rounds AS MATERIALIZED (
    SELECT w.id,
        row_number() OVER (PARTITION BY w.queue_name, w.band, w.share ORDER BY w.priority DESC, w.id) AS round
    FROM (SELECT DISTINCT queue_name, band, share FROM listed WHERE state = 'waiting') own
    JOIN procrastinate_jobs w USING (queue_name, band, share)
    WHERE w.status = 'todo' AND (w.scheduled_at IS NULL OR w.scheduled_at <= now())
), heaps AS MATERIALIZED (
    SELECT queue_name, band, share, count(*) AS jobs FROM procrastinate_jobs
    WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
      AND queue_name = ANY(ARRAY(SELECT DISTINCT queue_name FROM listed WHERE state = 'waiting'))
    GROUP BY queue_name, band, share
)
SELECT l.id, l.task_name, l.queue_name, l.args::text AS args, l.state, l.attempts,
    CASE WHEN l.state = 'delayed' THEN l.scheduled_at END AS next_try_at,
    (SELECT r.round - 1 + coalesce((
        SELECT sum(CASE WHEN h.band > l.band THEN h.jobs ELSE least(h.jobs, r.round - 1 +
            ((h.share <= turn.former, h.share) < (l.share <= turn.former, l.share))::integer) END)
        FROM heaps h
        WHERE h.queue_name = l.queue_name AND (h.band > l.band OR h.band = l.band AND h.share <> l.share)), 0)
     FROM rounds r WHERE r.id = l.id)::bigint AS ahead,
    w.name, w.host, w.pid, w.labels, p.last_heartbeat AS seen_at,
    p.last_heartbeat > now() - make_interval(secs => %(stale)s) AS alive,
    e.failed_at, e.attempt, e.sentence, e.evidence, e.worker,
    l.waiting, l.running, l.delayed, l.failed
FROM listed l
CROSS JOIN LATERAL (SELECT coalesce(max(t.share::text), '00000000-0000-0000-0000-000000000000')::uuid AS former
    FROM turns t WHERE t.queues = l.queue_name AND t.band = l.band) turn
LEFT JOIN procrastinate_workers p ON p.id = l.worker_id AND l.state = 'running'
LEFT JOIN job_workers w ON w.id = p.id
LEFT JOIN job_errors e ON e.job_id = l.id
ORDER BY l.place
"""
_LIST_OF_VIDEO = f"{_OF_VIDEO} {_DETAILS}"
_LIST_OF_ALL = f"{_OF_ALL} {_DETAILS}"
_KINDS = """
SELECT w.lane, w.labels FROM job_workers w JOIN procrastinate_workers p USING (id)
WHERE p.last_heartbeat > now() - make_interval(secs => %s) GROUP BY w.lane, w.labels LIMIT 500
"""
_WORKERS = """
SELECT w.name, w.host, w.pid, w.labels, json_object_agg(w.lane, w.slots)::text AS slots,
    min(w.started_at) AS started_at, max(p.last_heartbeat) AS seen_at,
    max(p.last_heartbeat) > now() - make_interval(secs => %(stale)s) AS alive,
    coalesce(json_agg(jobs.running) FILTER (WHERE jobs.running IS NOT NULL), '[]')::text AS running
FROM job_workers w JOIN procrastinate_workers p USING (id) LEFT JOIN LATERAL (
    SELECT j.task_name || coalesce(' ' || (j.args ->> 'video_id'), '') AS running
    FROM procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing' LIMIT 100) jobs ON true
GROUP BY w.name, w.host, w.pid, w.labels ORDER BY alive DESC, w.name, w.pid LIMIT %(most)s
"""
_COLUMNS = "v.status, v.encode_priority AS priority, v.failure_detail, v.encoding_failure"
_FROM = "FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL"
_FIND = f"SELECT {_COLUMNS}, {STORED} AS stored {_FROM}"
_RETRY_FAILED = """
UPDATE videos SET status = 'PROCESSING', failure_code = NULL, failure_detail = NULL, encoding_failure = NULL,
    filling_cancelled_at = NULL, updated_at = now()
WHERE id = %s AND status = 'FAILED' AND failure_code IS DISTINCT FROM 'upload_gone' AND deleted_at IS NULL
"""
_RETRY_FILLING = """
UPDATE videos SET encoding_failure = NULL, filling_cancelled_at = NULL, updated_at = now()
WHERE id = %s AND status IN ('PROCESSING', 'READY') AND deleted_at IS NULL
  AND (encoding_failure IS NOT NULL OR filling_cancelled_at IS NOT NULL)
"""
_CANCEL = """
UPDATE videos SET filling_cancelled_at = now(), updated_at = now()
WHERE id = %s AND status IN ('PROCESSING', 'READY') AND deleted_at IS NULL AND filling_cancelled_at IS NULL
"""
_PRIORITISE = """
UPDATE videos SET encode_priority = %s::integer, updated_at = now() WHERE id = %s AND deleted_at IS NULL
"""
# What somebody waits for stays before everything, and other codecs behind it.
_MOVE_WAITING = """
UPDATE procrastinate_jobs SET band = %s::integer
WHERE args ->> 'video_id' = %s::text AND status = 'todo' AND band BETWEEN 0 AND 2
"""
_TRY_NOW = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE args ->> 'video_id' = %s::text AND status = 'todo' AND scheduled_at > now()
"""
_FORGET_FAILED = """
DELETE FROM procrastinate_jobs WHERE args ->> 'video_id' = %s::text AND status = 'failed' RETURNING task_name AS kind
"""
_REMOVE_WAITING = """
DELETE FROM procrastinate_jobs
WHERE args ->> 'video_id' = %s::text AND status = 'todo' AND band < 3 AND task_name = ANY(%s::text[])
"""
_HAS_JOBS = """
SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE args ->> 'video_id' = %s::text AND status IN ('todo', 'doing')
    AND task_name = ANY(%s::text[]))
"""


class EncodedVideo(msgspec.Struct, frozen=True):
    """What of a video's row concerns its encoding."""

    status: Status
    priority: int
    failure_detail: str | None
    encoding_failure: str | None
    stored: str


class JobRow(msgspec.Struct, frozen=True):
    """A job, its worker, its last error; the last four count all jobs of the video."""

    id: int
    task_name: str
    queue_name: str
    args: str
    state: str
    attempts: int
    next_try_at: datetime | None
    ahead: int | None
    name: str | None
    host: str | None
    pid: int | None
    labels: list[str] | None
    seen_at: datetime | None
    alive: bool | None
    failed_at: datetime | None
    attempt: int | None
    sentence: str | None
    evidence: str | None
    worker: str | None
    waiting: int
    running: int
    delayed: int
    failed: int


class WorkerRow(msgspec.Struct, frozen=True):
    """A worker process; `slots` and `running` are JSON."""

    name: str
    host: str
    pid: int
    labels: list[str]
    slots: str
    started_at: datetime
    seen_at: datetime
    alive: bool
    running: str


class _Named(msgspec.Struct, frozen=True):
    kind: str


async def find_encoded(db: Connection, video_id: UUID) -> EncodedVideo | None:
    """A video that is not deleted."""
    return await fetch_one(db, EncodedVideo, _FIND, (video_id,))


async def list_of_video(db: Connection, video_id: UUID, *, stale: float) -> list[JobRow]:
    """The first jobs of a video, in the order in which they matter."""
    return await fetch_all(db, JobRow, _LIST_OF_VIDEO, {"video": str(video_id), "stale": stale, "most": _MOST_JOBS})


async def list_jobs(db: Connection, states: Sequence[str], *, stale: float, most: int) -> list[JobRow]:
    """The first jobs in these states, of all videos and none."""
    named = {"waiting": "todo", "delayed": "todo", "running": "doing", "failed": "failed"}
    statuses = sorted({named[state] for state in states})
    return await fetch_all(
        db, JobRow, _LIST_OF_ALL, {"states": list(states), "statuses": statuses, "stale": stale, "most": most}
    )


async def list_kinds(db: Connection, *, stale: float) -> list[Kind]:
    """Which lanes have a living worker, and with which labels."""
    return await fetch_all(db, Kind, _KINDS, (stale,))


async def list_workers(db: Connection, *, stale: float) -> list[WorkerRow]:
    """Worker processes, living ones first."""
    return await fetch_all(db, WorkerRow, _WORKERS, {"stale": stale, "most": _MOST_WORKERS})


async def retry_failed(db: Connection, video_id: UUID) -> bool:
    """FAILED → PROCESSING; False where it has not failed, or has no file."""
    return await execute(db, _RETRY_FAILED, (video_id,)) == 1


async def retry_filling(db: Connection, video_id: UUID) -> bool:
    """Forgets that the filling failed or was cancelled; False where neither is so."""
    return await execute(db, _RETRY_FILLING, (video_id,)) == 1


async def cancel_filling(db: Connection, video_id: UUID) -> bool:
    """Stops the filling; False where it was stopped before, or there is none."""
    return await execute(db, _CANCEL, (video_id,)) == 1


async def prioritise(db: Connection, video_id: UUID, priority: int) -> bool:
    """Of the jobs that wait and of those to come; False where the video is gone."""
    if await execute(db, _PRIORITISE, (priority, video_id)) == 0:
        return False
    await execute(db, _MOVE_WAITING, (priority, str(video_id)))
    return True


async def try_now(db: Connection, video_id: UUID) -> int:
    """Jobs that are delayed wait for nothing but a slot; returns how many."""
    return await execute(db, _TRY_NOW, (str(video_id),))


async def forget_failed(db: Connection, video_id: UUID) -> set[str]:
    """Deletes the jobs that were given up: another try begins. Returns of which kinds they were."""
    return {row.kind for row in await fetch_all(db, _Named, _FORGET_FAILED, (str(video_id),))}


async def remove_waiting(db: Connection, video_id: UUID, kinds: Sequence[str]) -> int:
    """Deletes jobs that nobody waits for; returns how many."""
    return await execute(db, _REMOVE_WAITING, (str(video_id), list(kinds)))


async def has_jobs(db: Connection, video_id: UUID, kinds: Sequence[str]) -> bool:
    """Whether a job of these kinds waits or runs."""
    return bool(await fetch_value(db, _HAS_JOBS, (str(video_id), list(kinds))))
