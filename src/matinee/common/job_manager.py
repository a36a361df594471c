"""How Procrastinate takes jobs and ends them here: in turns, under the fence, the reason of a failure kept."""

import asyncio
import datetime
import os
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Any, NamedTuple

import msgspec
import procrastinate
import structlog
from procrastinate import manager
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status

from matinee.common.database import Connection, Database, DatabaseUnavailable, UniqueViolation, execute, fetch_value
from matinee.common.errors import DomainError

log = structlog.get_logger()

_RECORD_PAUSE = 0.5  # seconds between two tries to record how a job ended
_EVIDENCE = 4_000  # characters of a traceback, from its end, where the reason stands

Bury = Callable[[Connection, str, dict[str, Any]], Awaitable[None]]


class GiveUpError(Exception):
    """The job cannot succeed, however often it is tried."""


class Trouble(NamedTuple):
    """Why a run failed."""

    sentence: str
    """For people."""
    evidence: str
    """For administrators."""


WORKER_GONE = Trouble("The worker that ran it stopped or was cut off.", "no sign of life")


class WorkerIdentity(msgspec.Struct, frozen=True):
    """Who a worker process is, as operators know it."""

    name: str
    labels: tuple[str, ...] = ()
    """What it can do that others cannot."""
    host: str = msgspec.field(default_factory=socket.gethostname)
    pid: int = msgspec.field(default_factory=os.getpid)


class Post(NamedTuple):
    """Where a worker stands: its lane and how many jobs it takes at once."""

    lane: str
    slots: int
    who: WorkerIdentity


POST: ContextVar[Post] = ContextVar("post")
"""Of the worker that runs in this context; Procrastinate registers it without being told."""

_REGISTER = """
WITH new AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id)
INSERT INTO job_workers (id, lane, slots, name, host, pid, labels)
SELECT id, %s, %s::integer, %s, %s, %s::integer, %s::text[] FROM new
RETURNING id
"""
# Run by Procrastinate's own connection. Who takes a job is alive, however late its signs of life are: after an outage
# it would lose the job at once.
_FETCH = """
WITH alive AS (UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker_id)s)
SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts, worker_id
FROM fetch_job(%(queues)s::varchar[], %(worker_id)s)
"""
_NOTE_ERROR = """
INSERT INTO job_errors (job_id, attempt, sentence, evidence, worker)
SELECT j.id, j.attempts, %s, %s, (SELECT w.name FROM job_workers w WHERE w.id = %s) FROM procrastinate_jobs j
WHERE j.id = %s
ON CONFLICT (job_id) DO UPDATE SET failed_at = now(), attempt = EXCLUDED.attempt, sentence = EXCLUDED.sentence,
    evidence = EXCLUDED.evidence, worker = EXCLUDED.worker
"""
_FINISH = """
UPDATE procrastinate_jobs SET status = %s, abort_requested = false, attempts = attempts + %s
WHERE id = %s AND status = 'doing' AND worker_id = %s
"""
_DELETE = "DELETE FROM procrastinate_jobs WHERE id = %s AND status = 'doing' AND worker_id = %s"
_RETRY = """
UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, abort_requested = false,
    attempts = attempts + %s, scheduled_at = %s
WHERE id = %s AND status = 'doing' AND worker_id = %s
"""
_LEAVE_TO_TWIN = """
UPDATE procrastinate_jobs twin SET attempts = greatest(twin.attempts, gone.attempts)
FROM procrastinate_jobs gone
WHERE gone.id = %s AND twin.queueing_lock = gone.queueing_lock AND twin.status = 'todo'
"""


def describe_trouble(error: BaseException) -> Trouble:
    """Why a run failed: what we say of our own errors, and of any other its kind."""
    known = isinstance(error, DomainError | GiveUpError)
    sentence = str(error) if known and str(error) else f"It ended unexpectedly ({type(error).__name__})."
    return Trouble(sentence, "".join(traceback.format_exception(error))[-_EVIDENCE:].replace("\0", "�"))


async def note_trouble(db: Connection, job_id: int, worker_id: int | None, trouble: Trouble) -> None:
    """Keeps why a job's last run failed; after its attempts were counted, in the same transaction."""
    await execute(db, _NOTE_ERROR, (*trouble, worker_id, job_id))


async def leave_to_twin(db: Connection, job_id: int) -> None:
    """The twin that waits already takes over the count of a job's attempts."""
    await execute(db, _LEAVE_TO_TWIN, (job_id,))


class FencedJobManager(manager.JobManager):
    """Procrastinate's job manager, except that owners take turns and only who holds a job can finish or retry it."""

    def __init__(self, connector: procrastinate.PsycopgConnector, database: Database, bury: Bury) -> None:
        super().__init__(connector)
        self._database = database
        self._bury = bury
        self.handed_back: set[int] = set()  # jobs returned at shutdown: not the job's fault, so not an attempt
        self.progressed: set[int] = set()  # jobs that run here and have achieved something in this run
        self.troubles: dict[int, Trouble] = {}  # of runs that failed and are not recorded yet

    async def register_worker(self) -> int:
        post = POST.get()
        who = post.who
        async with self._database.connection() as db:
            values = (post.lane, post.slots, who.name, who.host, who.pid, list(who.labels))
            worker_id: int = await fetch_value(db, _REGISTER, values)
        return worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> QueuedJob | None:
        row = await self.connector.execute_query_one_async(
            query=_FETCH, queues=list(queues or ()), worker_id=worker_id
        )
        return None if row["id"] is None else QueuedJob.from_row(row)

    async def finish_job(self, job: QueuedJob, status: Status, delete_job: bool) -> None:
        assert job.id is not None
        self.progressed.discard(job.id)
        trouble = self.troubles.pop(job.id, None)

        async def end(db: Connection) -> None:
            assert job.id is not None
            if delete_job:
                await execute(db, _DELETE, (job.id, job.worker_id))
                return
            mine = await execute(db, _FINISH, (status.value, 1, job.id, job.worker_id))
            if mine and trouble is not None:
                await note_trouble(db, job.id, job.worker_id, trouble)
            if mine and status is Status.FAILED:
                await self._bury(db, job.task_name, job.task_kwargs)

        await self._record(end)

    async def retry_job(
        self,
        job: QueuedJob,
        retry_at: datetime.datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        assert job.id is not None
        attempts = 0 if job.id in self.handed_back else 1
        self.handed_back.discard(job.id)
        self.progressed.discard(job.id)
        trouble = self.troubles.pop(job.id, None)

        async def put_back(db: Connection) -> None:
            assert job.id is not None
            try:
                async with db.transaction():
                    mine = await execute(db, _RETRY, (attempts, retry_at, job.id, job.worker_id))
                    if mine and trouble is not None:
                        await note_trouble(db, job.id, job.worker_id, trouble)
            except UniqueViolation:  # its twin waits already and will find the work undone
                await execute(db, _FINISH, (Status.ABORTED.value, attempts, job.id, job.worker_id))
                await leave_to_twin(db, job.id)

        await self._record(put_back)

    async def _record(self, how_it_ended: Callable[[Connection], Awaitable[None]]) -> None:
        """Outlasts an outage: while its lane lives no sweeper takes a job back, and it would block its twins.

        Repeatable, because of the fence.
        """
        while True:
            try:
                async with self._database.transaction() as db:
                    await how_it_ended(db)
            except DatabaseUnavailable as error:
                log.warning("job_end_not_recorded", error=str(error))
            else:
                return
            await asyncio.sleep(_RECORD_PAUSE)
