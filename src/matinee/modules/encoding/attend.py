"""How a job's work on a video is done: with signs of life, through outages and changes, and with an end to faults."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from matinee.common.database import Database
from matinee.common.jobs import JobRun
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.faults import MediaFault
from matinee.modules.encoding import repository
from matinee.modules.encoding.errors import (
    SOURCE_MISSING,
    EvictedError,
    Failure,
    FillingCancelledError,
    NotTakenError,
    PlanChangedError,
    RenditionGoneError,
    VideoGoneError,
)
from matinee.modules.encoding.outages import OUTAGES, outlast
from matinee.modules.encoding.results import Results

log = structlog.get_logger()

Work = Callable[[JobRun, UUID], Awaitable[None]]
Attend = Callable[[JobRun, UUID, Work], Awaitable[None]]
"""See `Attendant.attend`."""

_PAUSE_SECONDS = 0.1  # before the plan is read again that has changed


class Attendant:
    """Stands by the work of all of a worker's jobs on videos."""

    def __init__(self, database: Database, storage: Storage, results: Results, *, heartbeat: float) -> None:
        """`heartbeat`: seconds between two signs of life."""
        self._database = database
        self._storage = storage
        self._results = results
        self._heartbeat = heartbeat
        self._running: set[asyncio.Task[None]] = set()
        self._handing_back = False

    def hand_back(self) -> None:
        """Ends what is running, and what still begins, at once; the queue gives it to another worker."""
        self._handing_back = True
        for task in self._running:
            task.cancel()

    async def attend(self, run: JobRun, video_id: UUID, work: Work) -> None:
        """Does a job's work through outages and evictions, and records a fault of the source as the video's.

        A fault that was found by a plan which the video has no longer is none: the work reads the new one.
        """

        async def despite_changes() -> None:
            while True:
                try:
                    return await self._work(run, video_id, work)
                except EvictedError as error:  # what else the job makes, and who waits, is none the worse for it
                    log.info("evicted_meanwhile", rendition=str(error))
                except PlanChangedError:
                    log.info("plan_changed_meanwhile", video_id=str(video_id))
                    await asyncio.sleep(_PAUSE_SECONDS)

        async with self._alive(run):
            try:
                await outlast(despite_changes, what="job")
            except FillingCancelledError:
                log.info("filling_cancelled", video_id=str(video_id))
            except VideoGoneError:
                await self._clear_away(video_id)
            except RenditionGoneError as gone:
                await self._clear_rendition(video_id, gone.name)

    async def _work(self, run: JobRun, video_id: UUID, work: Work) -> None:
        revision = await self._results.find_revision(video_id)
        try:
            await work(run, video_id)
        except MediaFault as fault:
            log.info("source_fault", video_id=str(video_id), code=fault.code, evidence=fault.evidence)
            failure = Failure.of(fault)
        except NotTakenError as refusal:
            failure = refusal.failure
        except NoSuchObjectError:
            failure = SOURCE_MISSING
        else:
            return
        await outlast(lambda: self._results.failed(run, video_id, failure, revision=revision), what="failure")

    async def _clear_rendition(self, video_id: UUID, name: str) -> None:
        """Removes what was stored after a removed rendition's objects were removed. No other ever has its name."""
        async with self._database.connection() as db:
            plan = await repository.find_plan(db, video_id)
        if plan is not None and not plan.has(name):
            await self._storage.delete_prefix(keys.rendition_prefix(video_id, plan.recipe, name))

    async def _clear_away(self, video_id: UUID) -> None:
        """Removes what was stored after a deleted video's objects were removed; no file, which clips may need."""
        async with self._database.connection() as db:
            if await repository.exists(db, video_id):  # it has failed; its objects go with its row, later
                return
        await self._storage.delete_prefix(keys.video_prefix(video_id), keep=keys.source_prefix(video_id))

    @asynccontextmanager
    async def _alive(self, run: JobRun) -> AsyncIterator[None]:
        """Signs of life as long as the job runs: a worker that was asked to stop sends none of its own."""
        this = asyncio.current_task()
        assert this is not None
        if self._handing_back:  # it was on its way from the queue when the worker was told to hurry
            raise asyncio.CancelledError
        self._running.add(this)
        beats = asyncio.create_task(self._send_beats(run.worker_id))
        try:
            yield
        finally:
            self._running.discard(this)
            beats.cancel()

    async def _send_beats(self, worker_id: int) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                async with self._database.connection() as db:
                    await repository.stay_alive(db, worker_id)
            except OUTAGES as error:
                log.warning("heartbeat_failed", error=str(error))
