"""Decisions about the jobs of videos: who sees what of them, and retry, cancel, prioritise."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from matinee.common.database import Connection
from matinee.common.errors import Forbidden
from matinee.common.http.authentication import Caller
from matinee.common.notifications import announce
from matinee.modules import audit
from matinee.modules.encoding.jobs import ALTERNATIVES, AUDIO, CHUNK, COPY, FILL, INGEST
from matinee.modules.encoding.schemas import SETTLED
from matinee.modules.encoding.service import EncodingService
from matinee.modules.imports.jobs import FETCH
from matinee.modules.imports.service import ImportService
from matinee.modules.jobs import repository
from matinee.modules.jobs.errors import NothingToCancel, NothingToRetry
from matinee.modules.jobs.repository import EncodedVideo, JobRow
from matinee.modules.jobs.rules import BANDS, PRIORITIES, explain
from matinee.modules.jobs.schemas import (
    Job,
    JobCounts,
    JobError,
    JobState,
    JobWorker,
    Priority,
    VideoEncoding,
    WorkerInfo,
)
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService

log = structlog.get_logger()

_MAKERS = (FETCH, INGEST, AUDIO, FILL, CHUNK, COPY, ALTERNATIVES)  # what completes a video by itself


class JobService:
    """The queue as owners and operators see it."""

    def __init__(
        self, videos: VideoService, encoding: EncodingService, imports: ImportService, *, stale_after: float
    ) -> None:
        """`stale_after`: seconds without a sign of life until a worker counts as dead."""
        self._videos = videos
        self._encoding = encoding
        self._imports = imports
        self._stale = stale_after

    async def encoding_of(self, db: Connection, caller: Caller, video_id: UUID) -> VideoEncoding:
        """How far a video of the caller is, and why not farther."""
        await self._videos.owned(db, caller, video_id)
        return await self._describe(db, caller, video_id)

    async def retry(self, db: Connection, caller: Caller, video_id: UUID) -> VideoEncoding:
        """Has everything tried again that failed, was cancelled, waits for its next try or got lost."""
        await self._videos.owned(db, caller, video_id)
        if await self._imports.retry(db, video_id):
            await repository.forget_failed(db, video_id)
            await announce(db, str(video_id))
            return await self._describe(db, caller, video_id)
        failed = await repository.retry_failed(db, video_id)
        stopped = not failed and await repository.retry_filling(db, video_id)
        delayed = await repository.try_now(db, video_id)
        video = await self._find(db, video_id)
        if not (failed or stopped or delayed or await self._is_idle(db, video_id, video)):
            raise NothingToRetry(video.failure_detail)
        forgotten = await repository.forget_failed(db, video_id)
        await self._encoding.resume(db, video_id, playable=video.status == "READY", unfilled=FILL in forgotten)
        await announce(db, str(video_id))
        log.info("encoding_retried", video_id=str(video_id), user_id=str(caller.user_id))
        return await self._describe(db, caller, video_id)

    async def cancel(self, db: Connection, caller: Caller, video_id: UUID) -> VideoEncoding:
        """Stops the filling of the ladder. A video that cannot be played yet becomes playable first. Repeatable."""
        await self._videos.owned(db, caller, video_id)
        before = await self._describe(db, caller, video_id)
        if before.encoding is not None and before.encoding.state == "cancelled":
            return before
        if before.encoding is None or before.encoding.state in SETTLED:
            raise NothingToCancel
        await repository.cancel_filling(db, video_id)
        await repository.remove_waiting(db, video_id, [CHUNK, COPY, ALTERNATIVES])
        await announce(db, str(video_id))
        log.info("encoding_cancelled", video_id=str(video_id), user_id=str(caller.user_id))
        return await self._describe(db, caller, video_id)

    async def prioritise(self, db: Connection, caller: Caller, video_id: UUID, priority: Priority) -> VideoEncoding:
        """Moves a video's jobs, also those to come, before or behind all others; for administrators."""
        video = await self._videos.owned(db, caller, video_id)
        if caller.role != "ADMIN":
            raise Forbidden("Only administrators give one video precedence over another.")
        if not await repository.prioritise(db, video_id, BANDS[priority]):
            raise VideoNotFound
        await audit.record(db, "video.prioritised", video_id, account=video.owner_id, priority=priority)
        return await self._describe(db, caller, video_id)

    async def list_jobs(self, db: Connection, states: Sequence[JobState], most: int) -> list[Job]:
        """The first jobs of all videos, for operators."""
        return [_shown(row, True) for row in await repository.list_jobs(db, states, stale=self._stale, most=most)]

    async def list_workers(self, db: Connection) -> list[WorkerInfo]:
        """Who works, for operators."""
        speeds = await self._encoding.read_speeds(db)
        return [
            WorkerInfo(
                name=row.name,
                host=row.host,
                pid=row.pid,
                labels=row.labels,
                slots=msgspec.json.decode(row.slots, type=dict[str, int]),
                started_at=row.started_at,
                seen_at=row.seen_at,
                alive=row.alive,
                running=msgspec.json.decode(row.running, type=list[str]),
                speeds=speeds.of_kind(frozenset(row.labels)),
            )
            for row in await repository.list_workers(db, stale=self._stale)
        ]

    async def _is_idle(self, db: Connection, video_id: UUID, video: EncodedVideo) -> bool:
        """Whether something is missing that nobody will make by itself."""
        encoding = await self._encoding.describe(db, video_id, video.stored)
        if encoding is None or encoding.state in SETTLED:
            return False
        return not await repository.has_jobs(db, video_id, _MAKERS)

    async def _describe(self, db: Connection, caller: Caller, video_id: UUID) -> VideoEncoding:
        video = await self._find(db, video_id)
        encoding = await self._encoding.describe(db, video_id, video.stored)
        rows = await repository.list_of_video(db, video_id, stale=self._stale)
        jobs = [_shown(row, caller.role == "ADMIN") for row in rows]
        counted = rows[0] if rows else None
        makers = [job for job in jobs if job.kind in _MAKERS]
        return VideoEncoding(
            status=video.status,
            encoding=encoding,
            why=explain(
                video.status,
                video.failure_detail or video.encoding_failure,
                encoding,
                makers,
                await repository.list_kinds(db, stale=self._stale),
            ),
            priority=PRIORITIES[video.priority],
            counts=JobCounts(
                waiting=counted.waiting if counted else 0,
                running=counted.running if counted else 0,
                delayed=counted.delayed if counted else 0,
                failed=counted.failed if counted else 0,
            ),
            jobs=jobs,
        )

    async def _find(self, db: Connection, video_id: UUID) -> EncodedVideo:
        video = await repository.find_encoded(db, video_id)
        if video is None:
            raise VideoNotFound
        return video


def _shown(row: JobRow, is_operator: bool) -> Job:
    """A job; machines and tracebacks are shown to operators alone."""
    lane, *needs = row.queue_name.split("+")
    args: dict[str, Any] = msgspec.json.decode(row.args)
    video_id = args.pop("video_id", None)
    worker = error = None
    if row.seen_at is not None:
        worker = JobWorker(
            name=row.name if is_operator else None,
            host=row.host if is_operator else None,
            pid=row.pid if is_operator else None,
            labels=row.labels or [],
            seen_at=row.seen_at,
            alive=bool(row.alive),
        )
    if row.failed_at is not None and row.sentence is not None:
        error = JobError(
            failed_at=row.failed_at,
            attempt=row.attempt or 0,
            detail=row.sentence,
            worker=row.worker if is_operator else None,
            evidence=row.evidence if is_operator else None,
        )
    state: JobState = msgspec.convert(row.state, JobState)
    return Job(
        id=row.id,
        video_id=video_id,
        kind=row.task_name,
        part=" ".join(f"{name} {value}" for name, value in args.items()) or None,
        lane=lane,
        needs=needs,
        state=state,
        ahead=row.ahead,
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        worker=worker,
        error=error,
    )
