"""What other features ask of encoding: how far it is, and this cell next, please."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection
from matinee.common.jobs import JobQueue
from matinee.media.alternatives import offered
from matinee.media.model import AudioRendition, CopiedRendition, Offer, Plan
from matinee.media.speed import Work
from matinee.media.stored_plans import decode_plan
from matinee.modules.encoding import cell_repository, interest_repository, repository
from matinee.modules.encoding.ahead import AHEAD_CELLS, region_of
from matinee.modules.encoding.cell_repository import SpeedRow
from matinee.modules.encoding.interest_repository import NewInterest
from matinee.modules.encoding.jobs import (
    alternatives_job,
    alternatives_jobs,
    audio_job,
    cell_needs,
    chunk_job,
    copy_jobs,
    demand_job,
    fill_job,
    ingest_job,
    needs_of,
    other_sound_jobs,
    poster_job,
    viewers_needs,
)
from matinee.modules.encoding.policy import Policy
from matinee.modules.encoding.progress import Ladder, Stored, announce, describe_progress
from matinee.modules.encoding.repository import STORED, WorkRow
from matinee.modules.encoding.schemas import Encoding
from matinee.modules.encoding.speeds import Speed, Speeds
from matinee.modules.integrity import repository as integrity
from matinee.modules.integrity.jobs import hash_job
from matinee.modules.replacements.jobs import replace_job

__all__ = ["STORED", "EncodingService", "Speeds", "read_plan"]

CellPlace = tuple[UUID, str, int]
"""Video, rendition, index."""

_REMEMBERED = 10_000  # ladders; ~2 kB each
# How long an interest holds that nobody prolongs. Waiting is told each second; who reads comes back a cell later.
WAITING_SECONDS = 3.0
READING_SECONDS = 12.0
_SPEEDS_HOLD = 5.0  # seconds; they change slowly, and every master playlist asks for them
_read_stored = msgspec.json.Decoder(Stored).decode


class EncodingService:
    """Encoding as seen from outside; the work itself is in the modules that end in a Runner."""

    def __init__(
        self,
        queue: JobQueue,
        policy: Policy = "eager",
        *,
        big_pixels: int = 0,
        offers: Literal["measured", "all"] = "measured",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`policy` is what holds where a video's owner has not chosen. `big_pixels`: see `needs_of`.

        With `offers="all"` no quality counts as too slow to be watched while it is made.
        """
        self._queue = queue
        self._policy = policy
        self._big_pixels = big_pixels
        self._ladders: OrderedDict[UUID, tuple[int, Ladder]] = OrderedDict()
        self._offers = offers
        self._clock = clock
        self._speeds: tuple[float, Speeds] | None = None

    async def progress_of(self, db: Connection, video_id: UUID) -> Encoding | None:
        """How much of a video exists; None where there is no such video or nothing to encode."""
        text = await repository.find_progress(db, video_id)
        return None if text is None else await self.describe(db, video_id, text)

    async def describe(self, db: Connection, video_id: UUID, stored: str) -> Encoding | None:
        """How much of a video exists, by what STORED said of it; None where there is nothing to encode."""
        found = _read_stored(stored)
        if found.status in ("INITIATED", "UPLOADING"):
            return None
        speeds = self.known_speeds() or await self.read_speeds(db)
        return describe_progress(
            await self._ladder(db, video_id, found.plan_revision) if found.planned else None,
            found.renditions,
            speeds=speeds,
            playable=found.status == "READY",
            failed=found.status == "FAILED" or found.encoding_failure is not None,
            on_demand=(found.encode_policy or self._policy) == "on_demand",
            cancelled=found.cancelled,
            now=found.now,
        )

    def known_speeds(self) -> Speeds | None:
        """How fast workers are, where that was read some seconds ago."""
        if self._speeds is None or self._clock() - self._speeds[0] >= _SPEEDS_HOLD:
            return None
        return self._speeds[1]

    async def read_speeds(self, db: Connection) -> Speeds:
        """How fast workers are."""
        read_at = self._clock()
        rows = await cell_repository.list_speeds(db)
        kinds = {frozenset(row.labels) for row in rows if row.living}
        known = [_speed(row) for row in rows if row.encoder is not None]
        if self._offers == "all":
            known = [msgspec.structs.replace(speed, slow=False) for speed in known]
        speeds = Speeds(kinds, known)
        if self._speeds is not None and self._speeds[1].verdicts == speeds.verdicts:
            speeds.verdicts = self._speeds[1].verdicts  # the very same: documents are kept by it
        self._speeds = read_at, speeds
        return speeds

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        """The renditions that players are not told of, by how many cells of each are stored."""
        return speeds.left_out(plan, stored, viewers_needs(plan, self._big_pixels))

    async def _ladder(self, db: Connection, video_id: UUID, revision: int) -> Ladder | None:
        """Plans seldom change, and every look at a video reads this."""
        known = self._ladders.get(video_id)
        if known is not None and known[0] == revision:
            return known[1]
        plan = await repository.find_plan(db, video_id)
        if plan is None:
            return None
        ladder = announce(plan, viewers_needs(plan, self._big_pixels))
        self._ladders[video_id] = (revision, ladder)
        if len(self._ladders) > _REMEMBERED:
            self._ladders.popitem(last=False)
        return ladder

    async def want_cell(self, db: Connection, video_id: UUID, plan: Plan, rendition: str, index: int) -> bool:
        """Somebody waits for a cell: its job goes first. False where it exists or its video cannot be played.

        Repeatable at little cost. Raises KeyError for a rendition that the plan does not have.
        """
        kind = plan.rendition(rendition)
        if not await cell_repository.is_wanted(db, video_id, rendition, index):
            return False
        await interest_repository.tell_interests(db, [_waiting(video_id, rendition, index)])
        if isinstance(kind, AudioRendition):
            job = audio_job(video_id, rendition, first=kind is plan.audio, wanted=True)
        elif not plan.source.seekable and not isinstance(kind, CopiedRendition):
            make = chunk_job if kind in plan.video else alternatives_job
            job = make(video_id, plan.chunk_of(index), wanted=True, needs=needs_of(plan, self._big_pixels))
        else:
            job = demand_job(video_id, rendition, region_of(index), wanted=True, needs=cell_needs(plan, rendition))
        await self._queue.want(db, job)
        return True

    async def begin(self, db: Connection, video_id: UUID, plan: Plan) -> None:
        """Has a video made that was stored with its plan, PROCESSING."""
        await repository.add_renditions(db, video_id, plan, plan.renditions)
        if plan.audio is not None:
            await self._queue.enqueue(db, audio_job(video_id, plan.audio.name, first=True))
        await self._queue.enqueue(db, ingest_job(video_id))

    async def fill(self, db: Connection, video_id: UUID) -> None:
        """Has everything made that does not exist, as its policy wants it now."""
        plan = await repository.find_plan(db, video_id)
        if plan is None:
            return
        if plan.opens_copied:  # more was left out than cells: its ladder, too, is chosen when it is filled
            await self._queue.enqueue(db, fill_job(video_id, 0.0, again=True))
            return
        chunks = range(plan.chunks) if plan.video else range(0)
        needs = needs_of(plan, self._big_pixels)
        jobs = [chunk_job(video_id, n, needs=needs) for n in chunks] + other_sound_jobs(video_id, plan)
        jobs += copy_jobs(video_id, plan) + alternatives_jobs(video_id, plan, needs)
        await self._queue.enqueue_all(db, jobs)

    async def offer(self, db: Connection, video_id: UUID, codecs: Sequence[Offer], policy: Policy) -> None:
        """Has a planned video offered in these codecs, too; one that is not planned yet will be planned with them.

        Renditions that it has already stay, whatever is chosen now.
        """
        row = await repository.lock_plan(db, video_id)
        if row is None:
            return
        before = read_plan(row.plan)
        plan = offered(before, codecs)
        added = [rung for rung in plan.alternatives if rung not in before.alternatives]
        if not added:
            return
        changed = await repository.change_plan(db, video_id, plan, revision=row.plan_revision)
        assert changed, "the row is held"
        first = await repository.next_position(db, video_id)
        await repository.add_renditions(db, video_id, plan, added, first_position=first)
        if policy == "eager":
            await self._queue.enqueue_all(db, alternatives_jobs(video_id, plan, needs_of(plan, self._big_pixels)))

    async def resume(self, db: Connection, video_id: UUID, *, playable: bool, unfilled: bool = False) -> None:
        """Has everything tried again that does not exist. What is there already costs its jobs a look.

        `unfilled`: the job was given up that has the rest made of a video that can be played.
        """
        work = await repository.find_work(db, video_id)
        if work is not None and work.replaces is not None and playable:
            await self._queue.enqueue(db, replace_job(video_id))
            return
        plan = await repository.find_plan(db, video_id)
        jobs = [] if playable else [ingest_job(video_id)]
        if not playable:  # the storage may have sent something else than it holds
            file = await integrity.forget_mismatched(db, video_id)
            jobs += [hash_job(file.video_id, file.revision)] if file is not None else []
        if plan is not None and not playable:
            jobs += copy_jobs(video_id, plan)[:1]
        if plan is not None and plan.audio is not None:
            jobs.append(audio_job(video_id, plan.audio.name, first=True))
        if plan is not None and plan.video and playable:
            jobs.append(poster_job(video_id))
        if playable and unfilled:
            jobs.append(fill_job(video_id, 0.0))
        await self._queue.enqueue_all(db, jobs)
        if playable:
            await self.fill(db, video_id)

    async def hear_of_viewers(
        self, db: Connection, waiting: Sequence[CellPlace], read: Sequence[tuple[CellPlace, int | None]]
    ) -> None:
        """Prolongs the interest in cells that somebody waits for, or has read.

        With each cell that was read comes the first one behind it that does not exist, if known; where a viewer
        will soon need it, it is made ahead of him.
        """
        interests = {place: NewInterest(*place, waits=False, seconds=READING_SECONDS) for place, _ in read}
        interests |= {place: _waiting(*place) for place in waiting}
        await interest_repository.tell_interests(db, list(interests.values()))
        needed = [(place, cell) for place, cell in read if cell is not None and cell <= place[2] + AHEAD_CELLS]
        if needed:
            enterable = await interest_repository.filter_enterable(db, list({place[0] for place, _ in needed}))
            jobs = {
                (place[0], place[1], region_of(cell)): demand_job(place[0], place[1], region_of(cell))
                for place, cell in needed
                if place[0] in enterable
            }
            await self._queue.enqueue_all(db, list(jobs.values()))

    async def hear_of_watched(self, db: Connection, renditions: Sequence[tuple[UUID, str]]) -> None:
        """Something of these renditions was read: they are kept."""
        await interest_repository.tell_watched(db, renditions)


def _speed(row: SpeedRow) -> Speed:
    work = msgspec.convert(row, Work, from_attributes=True)
    return Speed(frozenset(row.labels), work, bool(row.slow), row.times or 0.0)


def _waiting(video_id: UUID, rendition: str, cell: int) -> NewInterest:
    return NewInterest(video_id, rendition, cell, waits=True, seconds=WAITING_SECONDS)


@lru_cache(maxsize=256)  # plans seldom change, and every job of a video reads its own
def read_plan(text: str) -> Plan:
    """A plan as it was stored."""
    return decode_plan(text)


def plan_of(work: WorkRow) -> Plan:
    """The plan of a video whose job was enqueued with it."""
    assert work.plan is not None
    return read_plan(work.plan)
