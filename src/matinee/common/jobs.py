"""The job queue: Procrastinate in our own PostgreSQL, with the rules we add to it.

- A job is enqueued in the transaction that makes it true.
- A job may run twice; each run holds a fence (job id, worker id). Whoever lost the job can neither record results
  under the fence nor finish or retry the job.
- A worker that stops sending heartbeats loses its jobs to the sweeper. Each loss counts as an attempt, so an input
  that kills its worker is given up after a few attempts instead of looping. What a job achieved clears its count: a
  long one outlives any number of workers.
- A job whose twin waits already does not wait beside it, but leaves it the count of its attempts.
- A job that is given up calls its `on_dead` in the transaction that gives it up.
- Of equally urgent jobs each owner's have their turn, however many another has; see `fetch_job` in the schema.
- A job that needs labels is run only by workers that have them all.
- Why a run failed is kept with the job.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import combinations
from typing import Any, Literal

import msgspec
import procrastinate
import psycopg
import structlog
from procrastinate import JobContext, retry, sql
from procrastinate.jobs import Job as QueuedJob

from matinee.common.database import (
    LIFETIME,
    Connection,
    Database,
    UniqueViolation,
    execute,
    fetch_all,
    fetch_value,
)
from matinee.common.job_manager import (
    POST,
    WORKER_GONE,
    FencedJobManager,
    GiveUpError,
    Post,
    WorkerIdentity,
    describe_trouble,
    leave_to_twin,
    note_trouble,
)
from matinee.common.secret_file import latest

__all__ = [
    "BEHIND",
    "URGENT",
    "GiveUpError",
    "JobLostError",
    "JobQueue",
    "JobRun",
    "Lane",
    "NewJob",
    "WorkerIdentity",
    "ensure_owned",
    "queue_of",
]

log = structlog.get_logger()

_KEPT_HOURS = 7 * 24

# ingest: short work that a person waits for · demand: cells that a viewer waits for · encode: chunks, one a slot
# · upkeep: deleting, cleaning, pictures, enqueuing what fills a video · speech: captions by machine
# · files: reading uploaded files as wholes · imports: files that are fetched, which waits for others · mail: letters
Lane = Literal["ingest", "demand", "encode", "upkeep", "speech", "files", "imports", "mail"]
URGENT = 1_000  # the least priority of what somebody waits for: it goes before all that is not, whoever's turn it is
BEHIND = -1_000_000  # the highest priority of what waits until nothing else does, whoever's it is
_CONNECTIONS = 13  # each lane keeps one to hear of new jobs, and borrows one to fetch them


class JobRun(msgspec.Struct, frozen=True):
    """The present run of a job: proof of its ownership, wherever results are recorded."""

    job_id: int
    worker_id: int
    attempt: int  # 1 for the first
    urgent: bool = False  # somebody waits for it


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be enqueued. With `unique`, at most one such job waits and at most one runs."""

    name: str
    lane: Lane
    args: dict[str, Any]
    priority: int = 0  # of an owner's jobs the higher run first; from URGENT on, or BEHIND down, of all owners'
    unique: str | None = None
    needs: frozenset[str] = frozenset()  # labels that a worker must have
    delay: float = 0.0  # seconds before it may run


class JobLostError(Exception):
    """This worker was taken for dead and another one runs the job now; stop at once and record nothing."""


Run = Callable[..., Awaitable[None]]
OnDead = Callable[..., Awaitable[None]]

# A unique job that waits already is left alone: its lock is its queueing lock too, unique among those that wait.
_ENQUEUE = """
INSERT INTO procrastinate_jobs
    (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at, share, band)
SELECT queue, name, priority, lock, lock, args::jsonb,
    CASE WHEN delay > 0 THEN now() + make_interval(secs => delay) END,
    coalesce(turn.share, '00000000-0000-0000-0000-000000000000'),
    CASE WHEN priority >= %s::integer THEN 3 WHEN priority <= %s::integer THEN -1 ELSE coalesce(turn.band, 1) END
FROM unnest(%s::text[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::float[])
    AS new (queue, name, priority, lock, args, delay)
LEFT JOIN LATERAL turn_of(args::jsonb) AS turn ON true
ON CONFLICT DO NOTHING
"""
_STILL_MINE = "SELECT 1 FROM procrastinate_jobs WHERE id = %s AND worker_id = %s AND status = 'doing' FOR SHARE"
_CLEAR_ATTEMPTS = "UPDATE procrastinate_jobs SET attempts = 0 WHERE id = %s AND worker_id = %s AND attempts > 0"
_RAISE_PRIORITY = """
UPDATE procrastinate_jobs SET priority = %(priority)s, scheduled_at = NULL,
    band = CASE WHEN %(priority)s >= %(urgent)s::integer THEN 3 ELSE band END
WHERE queueing_lock = %(lock)s AND status = 'todo' AND priority < %(priority)s
"""
# What a free slot would take: not what waits for its next try, nor what waits until its like has run.
_IS_ANY_WAITING = """
SELECT EXISTS (
    SELECT 1 FROM procrastinate_jobs w WHERE w.queue_name = ANY(%s) AND w.status = 'todo' AND w.priority >= %s
      AND (w.scheduled_at IS NULL OR w.scheduled_at <= now())
      AND NOT EXISTS (SELECT FROM procrastinate_jobs r WHERE r.lock = w.lock AND r.status = 'doing'))
"""
# Locks the dead workers' jobs, so that of several sweepers one alone takes a job over.
_FIND_ORPHANS = """
SELECT j.id, j.task_name, j.args::text AS args, j.attempts, j.worker_id FROM procrastinate_jobs j
WHERE j.status = 'doing' AND NOT EXISTS (
    SELECT 1 FROM procrastinate_workers w
    WHERE w.id = j.worker_id AND w.last_heartbeat > now() - make_interval(secs => %s))
ORDER BY j.id LIMIT 100 FOR UPDATE OF j SKIP LOCKED
"""
_TAKE_BACK = """
UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1, scheduled_at = NULL
WHERE id = %s
"""
_GIVE_UP = """
UPDATE procrastinate_jobs SET status = 'failed', worker_id = NULL, attempts = attempts + 1 WHERE id = %s
"""
_PRUNE_SECONDS = 24 * 3600.0  # dead workers' rows. Not sooner: a live one whose database was away would lose its jobs


class _Orphan(msgspec.Struct):
    id: int
    task_name: str
    args: str
    attempts: int
    worker_id: int | None


class JobQueue:
    """Enqueues jobs, and in a worker process runs them."""

    def __init__(
        self,
        database: Database,
        *,
        max_attempts: int = 3,
        heartbeat: float = 3.0,
        stale_after: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._max_attempts = max_attempts
        self._heartbeat = heartbeat
        self._stale_after = stale_after
        self._clock = clock
        self._swept_at: float | None = None
        self._spare_until = -math.inf
        self._on_dead: dict[str, OnDead] = {}
        self._attempts: dict[str, int] = {}  # of jobs that have another number of them
        connector = procrastinate.PsycopgConnector(
            conninfo=lambda: latest(database.url),
            min_size=1,
            max_size=_CONNECTIONS,
            max_lifetime=LIFETIME,
            kwargs={"application_name": "matinee-queue"},
            configure=_commit_at_once,
        )
        self._app = procrastinate.App(connector=connector)
        self._manager = FencedJobManager(connector, database, self._bury)
        self._app.job_manager = self._manager

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connects what fetches jobs and hears of new ones; around `work`. Enqueuing needs it not."""
        async with self._app.open_async():
            yield

    async def enqueue(self, db: Connection, job: NewJob) -> bool:
        """Enqueues within the caller's transaction; False where such a unique job waits already."""
        return await self.enqueue_all(db, [job]) == 1

    async def enqueue_all(self, db: Connection, jobs: Sequence[NewJob]) -> int:
        """Enqueues many in one statement, except unique ones that wait already; returns how many."""
        columns = (
            URGENT,
            BEHIND,
            [queue_of(job.lane, job.needs) for job in jobs],
            [job.name for job in jobs],
            [job.priority for job in jobs],
            [job.unique for job in jobs],
            [msgspec.json.encode(job.args).decode() for job in jobs],
            [job.delay for job in jobs],
        )
        return await execute(db, _ENQUEUE, columns)

    async def want(self, db: Connection, job: NewJob) -> None:
        """Somebody waits for this unique job: enqueues it, or raises the priority of the one that waits."""
        assert job.unique is not None
        if not await self.enqueue(db, job):
            await execute(db, _RAISE_PRIORITY, {"priority": job.priority, "lock": job.unique, "urgent": URGENT})

    async def is_any_waiting(self, db: Connection, lane: Lane, *, priority: int, labels: Iterable[str] = ()) -> bool:
        """Whether a job of at least this priority waits for a slot of a lane of a worker with these labels."""
        return bool(await fetch_value(db, _IS_ANY_WAITING, (_queues_for(lane, [*labels]), priority)))

    async def progressed(self, db: Connection, run: JobRun) -> None:
        """A run has achieved something that is kept: neither it nor those before it count as attempts."""
        self._manager.progressed.add(run.job_id)
        if run.attempt > 1:
            await execute(db, _CLEAR_ATTEMPTS, (run.job_id, run.worker_id))

    def register(self, name: str, run: Run, *, on_dead: OnDead | None = None, attempts: int | None = None) -> None:
        """Says how jobs of a name are run: `await run(JobRun, **args)`; `await on_dead(db, **args)` when given up.

        `attempts`: after how many it is given up; None: as any other job.
        """
        if attempts is not None:
            self._attempts[name] = attempts
        if on_dead is not None:
            self._on_dead[name] = on_dead

        async def attempt(context: JobContext, /, **args: Any) -> None:
            await self._attempt(context.job, run, args)

        backoff = _Backoff(self._most_attempts(name), self._manager.progressed)
        self._app.task(name=name, pass_context=True, retry=backoff)(attempt)

    def register_periodic(self, name: str, run: Callable[[], Awaitable[None]], *, cron: str) -> None:
        """Runs something by the clock, once for all workers together."""

        async def tick(timestamp: int) -> None:
            del timestamp
            await run()

        task = self._app.task(name=name, queue="upkeep", lock=name, queueing_lock=name)(tick)
        self._app.periodic(cron=cron)(task)

    async def work(self, lane: Lane, *, slots: int, grace: float, who: WorkerIdentity | None = None) -> None:
        """Runs jobs of a lane until cancelled; then waits up to `grace` s, and hands back what is unfinished."""
        who = who or WorkerIdentity("worker")
        POST.set(Post(lane, slots, who))
        await self._app.run_worker_async(
            queues=_queues_for(lane, who.labels),
            name=lane,
            concurrency=slots,
            fetch_job_polling_interval=self._heartbeat,
            shutdown_graceful_timeout=grace,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self._heartbeat,
            stalled_worker_timeout=_PRUNE_SECONDS,
        )

    async def forget_ended(self) -> None:
        """Deletes the rows of jobs that ended a week ago; they were kept to be looked at."""
        statuses = ["succeeded", "failed", "cancelled", "aborted"]
        ended = {"statuses": statuses, "queue": None, "nb_hours": str(_KEPT_HOURS)}
        async with self._database.connection() as db:
            await execute(db, sql.queries["delete_old_jobs"], ended)

    async def sweep(self) -> int:
        """Takes back the jobs of dead workers, or gives them up after too many attempts; returns how many.

        To be called about as often as heartbeats are sent. Where it could not look for long, because the database
        or this process was away, the others may have been deaf and dumb, too: then nobody is taken for dead before
        all had the time to give a sign of life.
        """
        began = self._clock()
        async with self._database.transaction() as db:
            orphans = await fetch_all(db, _Orphan, _FIND_ORPHANS, (self._stale_after,))
            now = self._clock()
            if now - (self._swept_at or began) > self._stale_after - self._heartbeat:
                self._spare_until = now + self._stale_after
            self._swept_at = now
            if now < self._spare_until:
                return 0
            for orphan in orphans:
                await self._take_back(db, orphan)
        return len(orphans)

    def _most_attempts(self, name: str) -> int:
        return self._attempts.get(name, self._max_attempts)

    async def _take_back(self, db: Connection, orphan: _Orphan) -> None:
        attempts = orphan.attempts + 1
        log.warning("job_orphaned", job_id=orphan.id, job=orphan.task_name, attempts=attempts)
        if attempts >= self._most_attempts(orphan.task_name):
            await execute(db, _GIVE_UP, (orphan.id,))
            await note_trouble(db, orphan.id, orphan.worker_id, WORKER_GONE)
            await self._bury(db, orphan.task_name, msgspec.json.decode(orphan.args))
            return
        try:
            async with db.transaction():
                await execute(db, _TAKE_BACK, (orphan.id,))
                await note_trouble(db, orphan.id, orphan.worker_id, WORKER_GONE)
        except UniqueViolation:  # its twin waits already and will find the work undone
            await execute(db, _GIVE_UP, (orphan.id,))
            await leave_to_twin(db, orphan.id)

    async def _attempt(self, job: QueuedJob, run: Run, args: dict[str, Any]) -> None:
        assert job.id is not None
        assert job.worker_id is not None
        this_run = JobRun(job.id, job.worker_id, job.attempts + 1, urgent=job.priority >= URGENT)
        try:
            await run(this_run, **args)
        except asyncio.CancelledError:
            self._manager.handed_back.add(job.id)
            raise
        except JobLostError:
            log.warning("job_lost", job_id=job.id, job=job.task_name)
        except Exception as error:
            self._manager.troubles[job.id] = describe_trouble(error)
            raise

    async def _bury(self, db: Connection, name: str, args: dict[str, Any]) -> None:
        on_dead = self._on_dead.get(name)
        if on_dead is not None:
            await on_dead(db, **args)


async def _commit_at_once(connection: psycopg.AsyncConnection[Any]) -> None:
    """Else whoever is frozen or cut off between a statement and its commit keeps the others from the rows."""
    await connection.set_autocommit(True)


def queue_of(lane: Lane, needs: Iterable[str]) -> str:
    """The name of the queue in which jobs of a lane with these needs wait."""
    return "+".join([lane, *sorted(needs)])


def _queues_for(lane: Lane, labels: Sequence[str]) -> list[str]:
    """Those of a lane's queues that a worker with these labels may take jobs from."""
    subsets = (needs for count in range(len(labels) + 1) for needs in combinations(sorted(labels), count))
    return [queue_of(lane, needs) for needs in subsets]


async def ensure_owned(db: Connection, run: JobRun) -> None:
    """Holds the fence until the transaction ends; raises JobLostError where the job is another worker's by now."""
    if await fetch_value(db, _STILL_MINE, (run.job_id, run.worker_id)) is None:
        raise JobLostError


class _Backoff(retry.BaseRetryStrategy):
    """Tries again after 2, 4, 8 … seconds; at once where the worker was asked to stop."""

    def __init__(self, max_attempts: int, progressed: set[int]) -> None:
        self._max_attempts = max_attempts
        self._progressed = progressed

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> retry.RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return retry.RetryDecision(retry_in={"seconds": 0})
        attempt = 1 if job.id in self._progressed else job.attempts + 1
        if isinstance(exception, GiveUpError) or attempt >= self._max_attempts:
            return None
        return retry.RetryDecision(retry_in={"seconds": 2**attempt})
