"""What the jobs find out and make, recorded: each result in one transaction, under the fence of the job's run.

A worker that lost its job records nothing (JobLostError); nothing is recorded for a video that was deleted or has
failed meanwhile (VideoGoneError).
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.media.alternatives import offered
from matinee.media.model import Offer, Plan
from matinee.media.plan import titled
from matinee.media.stored_plans import decode_plan
from matinee.media.title import Places, fit
from matinee.media.trials import worth_trying
from matinee.modules.encoding import cell_repository, repository
from matinee.modules.encoding.cell_repository import NewCell, StoredRow
from matinee.modules.encoding.errors import (
    ENCODING_CRASHED,
    Failure,
    FillingCancelledError,
    NotTakenError,
    PlanChangedError,
    VideoGoneError,
)
from matinee.modules.encoding.jobs import (
    alternatives_jobs,
    audio_job,
    chunk_job,
    copy_jobs,
    fill_job,
    later_jobs,
    needs_of,
    other_sound_jobs,
    poster_job,
    title_job,
)
from matinee.modules.encoding.policy import Policy, opens_copied
from matinee.modules.encoding.repository import LockedVideo, WorkRow
from matinee.modules.integrity import repository as integrity
from matinee.modules.integrity.stored import md5_of
from matinee.modules.pictures.jobs import picture_jobs
from matinee.modules.quotas.service import QuotaService
from matinee.modules.replacements.jobs import replace_job
from matinee.modules.tracks.jobs import extract_job

log = structlog.get_logger()


class Results:
    """Reads what is left to do and records what is done. Every method may be repeated."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        quotas: QuotaService,
        policy: Policy = "eager",
        codecs: Sequence[Offer] = (),
        *,
        big_pixels: int = 0,
        fits_ladders: bool = False,
        fill_delay: float = 0.0,
    ) -> None:
        """`policy` and `codecs` are what holds where a video's owner has not chosen. `big_pixels`: see `needs_of`.

        `fits_ladders`: whether the ladder of a film is chosen by trials of it. `fill_delay`: see `fill_job`.
        """
        self._database = database
        self._queue = queue
        self._quotas = quotas
        self._policy = policy
        self._codecs = codecs
        self._big_pixels = big_pixels
        self._fits_ladders = fits_ladders
        self._fill_delay = fill_delay

    async def find_work(self, video_id: UUID) -> WorkRow:
        """The video; raises VideoGoneError where nothing is to be made of it."""
        async with self._database.connection() as db:
            work = await repository.find_work(db, video_id)
        if work is None or work.status not in ("PROCESSING", "READY"):
            raise VideoGoneError
        return work

    async def find_revision(self, video_id: UUID) -> int | None:
        """Which of its plans the video has; None where it is gone."""
        async with self._database.connection() as db:
            work = await repository.find_work(db, video_id)
        return None if work is None else work.plan_revision

    async def find_stored(self, video_id: UUID, plan: Plan, cells: range) -> dict[str, StoredRow]:
        """By rendition, which cells of a range exist; raises PlanChangedError where they are another plan's."""
        async with self._database.connection() as db:
            rows = await cell_repository.find_stored(db, video_id, cells)
        if any(row.recipe != plan.recipe for row in rows.values()):
            raise PlanChangedError
        return rows

    async def plan_made(self, run: JobRun, video_id: UUID, plan: Plan) -> Plan:
        """The plan is decided; the sound can begin, and the copying of a picture that conforms beside the ladder.

        Returns it with the codecs that are chosen by now. Whoever chooses others later finds the plan there, and
        changes it. Raises NotTakenError where the video is longer than its owner's quota allows.
        """
        async with self._database.transaction() as db:
            await _lock(db, run, video_id)
            if refusal := await self._quotas.refuse_plan(db, video_id, float(plan.grid.duration)):
                raise NotTakenError(Failure("quota_exceeded", refusal))
            chosen = await repository.find_codecs(db, video_id)
            plan = offered(plan, self._codecs if chosen is None else chosen)
            plan = opens_copied(plan, await repository.find_policy(db, video_id) or self._policy)
            if not await repository.save_plan(db, video_id, plan):
                return plan
            if plan.audio is not None:
                await self._queue.enqueue(db, audio_job(video_id, plan.audio.name, first=True))
            if not plan.opens_copied:  # else it goes with the ingest
                await self._queue.enqueue_all(db, copy_jobs(video_id, plan)[:1])
            await announce(db, str(video_id))
        return plan

    async def plan_changed(self, run: JobRun, video_id: UUID, plan: Plan, *, revision: int) -> None:
        """More is known; nothing where the plan has changed meanwhile."""
        async with self._database.transaction() as db:
            await _lock(db, run, video_id)
            await repository.change_plan(db, video_id, plan, revision=revision)
            await announce(db, str(video_id))

    async def cell_stored(
        self, run: JobRun, video_id: UUID, plan: Plan, cell: NewCell, *, unasked: bool = False
    ) -> None:
        """A cell's object is stored whole. The cell that makes the video playable turns it READY.

        The one that completes the lowest rung has the pictures made that are taken from it. Raises
        FillingCancelledError, with the cell recorded, where nobody asked for it and the filling was stopped.
        """
        async with self._database.transaction() as db:
            video = await _lock(db, run, video_id)
            completes = await cell_repository.record_cell(db, video_id, cell, worker_id=run.worker_id)
            await self._queue.progressed(db, run)
            if completes and plan.video and cell.rendition == plan.video[0].name:
                for job in picture_jobs(video_id):
                    await self._queue.enqueue(db, job)
            if video.status == "PROCESSING":
                await self._make_ready_if_playable(db, video_id, plan)
            await announce(db, str(video_id))
        if unasked and video.cancelled:
            raise FillingCancelledError

    async def object_stored(self, key: str, data: bytes) -> None:
        """What was stored that is no cell; whatever says that it is there is recorded behind this."""
        async with self._database.connection() as db:
            await integrity.remember(db, key, md5_of(data))

    async def first_chunk_done(self, run: JobRun, video_id: UUID, plan: Plan, *, brief: bool = False) -> None:
        """The lowest rung of the first chunk is stored: the rungs above it can begin.

        Not earlier: that job would make the lowest rung once more. Not at all of a `brief` video, which is about to
        take another one's place, nor of one that opens with a copy.
        """
        async with self._database.transaction() as db:
            video = await _lock(db, run, video_id)
            if video.status == "PROCESSING":  # a run before this one stored the cells and was killed
                await self._make_ready_if_playable(db, video_id, plan)
            if len(plan.video) > 1 and not (brief or video.cancelled or plan.opens_copied):
                needs = needs_of(plan, self._big_pixels)
                await self._queue.enqueue(db, chunk_job(video_id, 0, needs=needs, delay=self._fill_delay))

    async def fill(self, run: JobRun, video_id: UUID, plan: Plan, *, again: bool = False) -> None:
        """Whatever of a READY video nobody waits for is enqueued, but for a first chunk that follows the ingest.

        `again`: its texts were taken out of the file before, and what was deleted of them shall not come back.
        """
        needs = needs_of(plan, self._big_pixels)
        async with self._database.transaction() as db:
            video = await _lock(db, run, video_id)
            if not again:
                await self._queue.enqueue(db, extract_job(video_id))
            if plan.video:
                await self._queue.enqueue(db, poster_job(video_id))
            is_eager = (await repository.find_policy(db, video_id) or self._policy) == "eager"
            if is_eager or again:
                await self._queue.enqueue_all(db, other_sound_jobs(video_id, plan))
            if plan.opens_copied:
                await self._queue.enqueue_all(db, picture_jobs(video_id))
            if video.cancelled or (plan.opens_copied and not is_eager):
                return
            if self._fits_ladders and worth_trying(plan):
                await self._queue.enqueue(db, title_job(video_id, needs))
            await self._queue.enqueue_all(db, later_jobs(video_id, plan, needs))
            if is_eager:
                await self._queue.enqueue_all(db, alternatives_jobs(video_id, plan, needs))

    async def title_tried(self, run: JobRun, video_id: UUID, tried: Plan, seen: Mapping[str, Places]) -> None:
        """The ladder becomes what its trials say.

        Raises PlanChangedError where the video has another ladder than the one that was tried.
        """
        async with self._database.transaction() as db:
            await _lock(db, run, video_id)
            row = await repository.lock_plan(db, video_id)
            if row is None:
                return
            plan = decode_plan(row.plan)
            if plan.video != tried.video:
                raise PlanChangedError
            fitted = fit(plan.video, seen, plan.grid.rate)
            await repository.change_plan(db, video_id, titled(plan, fitted), revision=row.plan_revision)
            await announce(db, str(video_id))
        log.info("ladder_chosen", video_id=str(video_id), reason=fitted.reason)

    async def sound_done(self, run: JobRun, video_id: UUID, plan: Plan) -> None:
        """The sound track is stored whole."""
        async with self._database.transaction() as db:
            video = await _lock(db, run, video_id)
            if video.status == "PROCESSING":
                await self._make_ready_if_playable(db, video_id, plan)

    async def poster_stored(self, run: JobRun, video_id: UUID, placeholder: str, *, edition: int) -> None:
        """The poster's object is stored; `placeholder` is its BlurHash."""
        async with self._database.transaction() as db:
            await _lock(db, run, video_id)
            await repository.mark_poster(db, video_id, placeholder, edition=edition)
            await announce(db, str(video_id))

    async def failed(self, run: JobRun, video_id: UUID, failure: Failure, *, revision: int | None) -> None:
        """The source is at fault: a video that cannot be played yet turns FAILED, any other says what is wrong.

        Raises PlanChangedError where it has another plan than that of `revision`: of that nothing bad is known.
        """
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if await repository.fail(db, video_id, failure, revision=revision):
                await announce(db, str(video_id))
                return
            work = await repository.find_work(db, video_id)
            if work is not None and work.plan_revision != revision:
                raise PlanChangedError

    async def gave_up(self, db: Connection, video_id: UUID) -> None:
        """The job was tried as often as it may be; called in the transaction that gives it up."""
        if await repository.fail(db, video_id, ENCODING_CRASHED):
            await announce(db, str(video_id))

    async def _make_ready_if_playable(self, db: Connection, video_id: UUID, plan: Plan) -> None:
        """PROCESSING → READY when its opening picture and the sound have begun; the rest will be enqueued soon.

        The caller holds the video's row, so that of two jobs that store the two first cells at once the second
        sees what the first has stored.
        """
        needed = [rendition.name for rendition in (plan.opening, plan.audio) if rendition is not None]
        ready = await repository.make_ready(db, video_id, needed)
        if ready is not None and ready.replaces is not None:
            await self._queue.enqueue(db, replace_job(video_id))
        elif ready is not None:
            await self._queue.enqueue(db, fill_job(video_id, self._fill_delay))


async def _lock(db: Connection, run: JobRun, video_id: UUID) -> LockedVideo:
    """Holds the fence and the video's row until the transaction ends."""
    await ensure_owned(db, run)
    video = await repository.lock_video(db, video_id)
    if video is None or video.status not in ("PROCESSING", "READY"):
        raise VideoGoneError
    return video
