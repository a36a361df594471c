"""Cells for those who watch: one rendition, from the cell that is wanted on, for as long as somebody needs them."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from uuid import UUID

import structlog

from matinee.common.database import Database
from matinee.common.jobs import JobQueue, JobRun, OnDead
from matinee.common.storage.port import Storage
from matinee.media.cells import Cell
from matinee.media.encode import encode_cells
from matinee.media.model import Plan
from matinee.modules.encoding import interest_repository
from matinee.modules.encoding.ahead import AHEAD_CELLS, Choice, Paces, choose, region_cells, still_needed
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.copying import Copier
from matinee.modules.encoding.errors import PlanChangedError
from matinee.modules.encoding.film_cells import FilmCells
from matinee.modules.encoding.interest_repository import DemandRow
from matinee.modules.encoding.jobs import DEMAND, WANTED, cell_needs, demand_job
from matinee.modules.encoding.marks import Marks
from matinee.modules.encoding.options import Options
from matinee.modules.encoding.publishing import Publisher
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import plan_of
from matinee.modules.encoding.source_server import SourceServer

log = structlog.get_logger()

Make = Callable[[int, DemandRow], AsyncGenerator[Cell, None]]
"""Makes one cell of a rendition, whose row is as given."""

LOOK_SECONDS = 1.0  # between two looks who waits for what is in the making
_EVICTION_PAUSE, _EVICTION_SECONDS = 0.2, 5.0


class StillEvictingError(Exception):
    """The rendition's objects are still being deleted; the viewer's next request looks again."""


class DemandRunner:
    """The job of a region: a minute of one rendition. Brakes the background while somebody waits."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        sources: SourceServer,
        attend: Attend,
        options: Options,
        gave_up: OnDead,
        results: Results,
        copier: Copier,
        marks: Marks,
        labels: frozenset[str] = frozenset(),
    ) -> None:
        """`labels`: of this worker."""
        self._database = database
        self._storage = storage
        self._queue = queue
        self._sources = sources
        self._attend = attend
        self._options = options
        self._gave_up = gave_up
        self._results = results
        self._copier = copier
        self._marks = marks
        self._labels = labels
        self._film = FilmCells(database, storage)
        self._paces = Paces()

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(DEMAND, self.demand, on_dead=self._gave_up)

    async def demand(self, run: JobRun, video_id: str, rendition: str, region: int) -> None:
        """Makes what somebody needs of a region, and ends when that is nothing."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            plan = plan_of(found)
            if not plan.has(rendition):  # the video has another file by now
                return
            needs = cell_needs(plan, rendition)
            if not needs <= self._labels:  # who enqueued it did not know the plan
                await self._enqueue(video, plan, rendition, region, wanted=run.urgent)
                return
            async with self._making(video, found, plan, rendition) as make:
                try:
                    await self._make_what_is_needed(run, video, found, plan, make, rendition, region)
                except StillEvictingError:
                    log.info("still_evicting", video_id=video_id, rendition=rendition)

        await self._attend(run, UUID(video_id), work)

    async def _make_what_is_needed(
        self, run: JobRun, video_id: UUID, work: WorkRow, plan: Plan, make: Make, rendition: str, region: int
    ) -> None:
        count = plan.cells_of(rendition)
        cells = region_cells(region, count)
        behind = range(cells.stop, min(cells.stop + AHEAD_CELLS, count))
        while True:
            row = await self._look(video_id, rendition, range(cells.start, behind.stop))
            if row.recipe != plan.recipe:
                raise PlanChangedError
            choice = choose(cells, row.cells, row.wanted())
            if choice is None:
                if choose(behind, row.cells, row.wanted()) is not None:
                    await self._enqueue(video_id, plan, rendition, region + 1)
                return
            if not choice.waits and await self._others_wait():
                await self._enqueue(video_id, plan, rendition, region)
                return
            publisher = Publisher(self._storage, self._results, run, video_id, plan, {rendition: row})
            if await self._film.copy(work, plan, {rendition: [choice.cell]}, publisher):
                continue
            making = publisher.publish_all(make(choice.cell, row))
            await self._while_needed(video_id, plan, rendition, cells, choice, making)

    @asynccontextmanager
    async def _making(self, video_id: UUID, work: WorkRow, plan: Plan, rendition: str) -> AsyncIterator[Make]:
        """How cells of the rendition are made: copied out of the source, or encoded while it is served."""
        if plan.copied is not None and plan.copied.name == rendition:
            yield lambda cell, _: self._copier.cells(video_id, work.source_key, plan, [cell])
            return
        mark = await self._marks.image_of(work, plan)
        async with self._sources.serve(work.source_key) as source:

            def encode(cell: int, row: DemandRow) -> AsyncGenerator[Cell, None]:
                making = encode_cells(
                    source.url,
                    plan,
                    range(cell, cell + 1),
                    [rendition],
                    mark=mark,
                    expected_inits=row.inits(),
                    options=self._options(float(plan.grid.cell_duration(cell)), urgent=True),
                )
                return source.checked(making)

            yield encode

    async def _while_needed(
        self, video_id: UUID, plan: Plan, rendition: str, cells: range, choice: Choice, work: Awaitable[None]
    ) -> None:
        """Does the work for as long as somebody needs the cell before others, or where its end is near.

        Others of `cells`, or, where nobody waits for this one, whatever somebody waits for that has no slot.
        """
        cell, began = choice.cell, time.monotonic()
        film = plan.cell_seconds(rendition, cell)
        making = asyncio.ensure_future(work)
        with ExitStack() as urgent:
            waits = choice.waits
            if waits:
                urgent.enter_context(self._options.brake.applied())
            try:
                while not (await asyncio.wait({making}, timeout=LOOK_SECONDS))[0]:
                    row = await self._look(video_id, rendition, cells)
                    needed = still_needed(cell, cells, row.cells, row.wanted())
                    in_the_way = needed is None or (not needed.waits and await self._others_wait())
                    if in_the_way and not self._paces.is_nearly_done(rendition, film, time.monotonic() - began):
                        event = "no_longer_needed" if needed is None else "made_way"
                        log.info(event, video_id=str(video_id), rendition=rendition, cell=cell)
                        return
                    if not waits and (needed is None or needed.waits or in_the_way):  # to be out of it soon
                        waits = True
                        urgent.enter_context(self._options.brake.applied())
                await making
                self._paces.note(rendition, film, time.monotonic() - began)
            finally:
                making.cancel()
                await asyncio.wait({making})

    async def _look(self, video_id: UUID, rendition: str, cells: range) -> DemandRow:
        """What is stored and who needs what; waits for an eviction, but not so long that others wait for the slot."""
        give_up_at = time.monotonic() + _EVICTION_SECONDS
        while True:
            async with self._database.connection() as db:
                row = await interest_repository.find_demand(db, video_id, rendition, cells)
            if not row.evicting:
                return row
            if time.monotonic() > give_up_at:
                raise StillEvictingError(rendition)
            await asyncio.sleep(_EVICTION_PAUSE)

    async def _others_wait(self) -> bool:
        """Whether somebody waits for another job, while this one is only ahead of its viewers."""
        async with self._database.connection() as db:
            return await self._queue.is_any_waiting(db, "demand", priority=WANTED, labels=self._labels)

    async def _enqueue(
        self, video_id: UUID, plan: Plan, rendition: str, region: int, *, wanted: bool = False
    ) -> None:
        job = demand_job(video_id, rendition, region, wanted=wanted, needs=cell_needs(plan, rendition))
        async with self._database.connection() as db:
            await self._queue.enqueue(db, job)
