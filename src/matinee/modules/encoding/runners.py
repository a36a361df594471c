"""The jobs that make pictures though nobody asks: look at a file and make it playable, fill in chunks, the poster.

Each takes ids, reads what is left to do and leaves when that is nothing, so a job may run twice or be killed at any
moment. No transaction and no row is held while FFmpeg runs.
"""

from uuid import UUID

import structlog

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.storage.port import Storage, StorageUnavailable
from matinee.media import keys
from matinee.media.encode import encode_cells
from matinee.media.faults import MediaFault
from matinee.media.model import Plan
from matinee.media.passthrough import consider
from matinee.media.pictures import make_poster
from matinee.media.plan import make_plan
from matinee.media.probe import Limits, Probe, probe
from matinee.media.video_argv import runs
from matinee.media.watermark import marked
from matinee.modules.encoding.attend import Attendant
from matinee.modules.encoding.audio import AudioRunner
from matinee.modules.encoding.copying import Copier, CopyRunner
from matinee.modules.encoding.demand import DemandRunner
from matinee.modules.encoding.errors import OtherWorkerError, RenditionGoneError
from matinee.modules.encoding.film_cells import FilmCells
from matinee.modules.encoding.jobs import ALTERNATIVES, CHUNK, FILL, HARDWARE, INGEST, POSTER, cell_needs
from matinee.modules.encoding.marks import DefaultMark, Marks
from matinee.modules.encoding.options import Options
from matinee.modules.encoding.policy import unasked
from matinee.modules.encoding.publishing import Publisher
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import plan_of, read_plan
from matinee.modules.encoding.source_server import ServedSource, SourceServer
from matinee.modules.encoding.titling import TitleRunner
from matinee.modules.quotas.service import QuotaService, server_quota

log = structlog.get_logger()

_STARTING_SIDE = 360  # lines that a player begins with, and that cost next to nothing beside the lowest rung


class EncodingRunners:
    """The jobs' work, over the process's own source server."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        sources: SourceServer,
        mark: DefaultMark | None = None,
    ) -> None:
        """`mark`: what videos are planned with whose owners chose no watermark."""
        self._settings = settings
        self._storage = storage
        self._queue = queue
        self._sources = sources
        self._results = Results(
            database,
            queue,
            QuotaService(server_quota(settings)),
            settings.encode_policy,
            settings.codecs,
            big_pixels=settings.big_source_pixels,
            fits_ladders=settings.ladder == "title",
            fill_delay=settings.fill_delay_seconds,
        )
        self._film = FilmCells(database, storage)
        self._labels = HARDWARE[settings.h264_encoder]
        self._options = Options(settings)
        self._attendant = Attendant(database, storage, self._results, heartbeat=settings.worker_heartbeat_seconds)
        self.attend = self._attendant.attend
        self.hand_back = self._attendant.hand_back
        self._copier = Copier(storage)
        self._marks = Marks(database, storage, mark)
        self._copying = CopyRunner(
            storage, queue, self._results, self._copier, settings.encode_policy, self.attend, self._gave_up
        )
        self._demand = DemandRunner(
            database,
            storage,
            queue,
            sources,
            self.attend,
            self._options,
            self._gave_up,
            self._results,
            self._copier,
            self._marks,
            self._labels,
        )
        self._titling = TitleRunner(queue, self._results, sources, self.attend, self._options)
        self._audio = AudioRunner(
            database,
            storage,
            queue,
            self._results,
            sources,
            self._film,
            self.attend,
            self._options,
            self._gave_up,
            loudness=None if settings.loudness == "off" else settings.loudness,
        )

    def register(self) -> None:
        """Tells the queue how the jobs are run."""
        self._queue.register(INGEST, self.ingest, on_dead=self._gave_up)
        self._queue.register(CHUNK, self.chunk, on_dead=self._gave_up)
        self._queue.register(ALTERNATIVES, self.alternatives, on_dead=self._gave_up)
        self._queue.register(POSTER, self.poster)
        self._queue.register(FILL, self.fill, on_dead=self._gave_up)
        self._demand.register()
        self._copying.register()
        self._titling.register()
        self._audio.register()

    async def ingest(self, run: JobRun, video_id: str) -> None:
        """Probes and plans the file, and makes what it opens with: a copied cell, or the lowest rung of a chunk."""
        await self.attend(run, UUID(video_id), self._ingest)

    async def chunk(self, run: JobRun, video_id: str, chunk: int) -> None:
        """Makes the cells of a chunk that do not exist and are made though nobody asks; all rungs in one process."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            if found.cancelled and not run.urgent:
                return
            plan = plan_of(found)
            policy = found.encode_policy or self._settings.encode_policy
            async with self._sources.serve(found.source_key) as source:
                for cells in runs(plan, plan.chunk_cells(chunk)):
                    names = unasked(plan, policy, cells)
                    await self._make_cells(run, video, found, plan, source, cells, names, unasked=not run.urgent)

        await self.attend(run, UUID(video_id), work)

    async def alternatives(self, run: JobRun, video_id: str, chunk: int) -> None:
        """Makes the cells of a chunk that do not exist in the codecs beside H.264, one rendition after another.

        With `on_demand` none: what is watched of them is made by who watches. A source that cannot be entered is
        made here all the same, for there is no other way.
        """

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            plan = plan_of(found)
            policy = found.encode_policy or self._settings.encode_policy
            if (policy == "on_demand" and plan.source.seekable) or (found.cancelled and not run.urgent):
                return
            async with self._sources.serve(found.source_key) as source:
                for rung in plan.alternatives:
                    for cells in runs(plan, plan.chunk_cells(chunk)):
                        names = [rung.name]
                        await self._make_cells(run, video, found, plan, source, cells, names, unasked=not run.urgent)

        await self.attend(run, UUID(video_id), work)

    async def poster(self, run: JobRun, video_id: str) -> None:
        """Makes the poster. A file without a picture that could serve goes without."""
        await self.attend(run, UUID(video_id), self._poster)

    async def fill(self, run: JobRun, video_id: str, again: bool = False) -> None:
        """Has the rest made of a video that can be played; `again`: its texts were taken out of the file before."""

        async def work(run: JobRun, video: UUID) -> None:
            await self._results.fill(run, video, plan_of(await self._results.find_work(video)), again=again)

        await self.attend(run, UUID(video_id), work)

    async def complete(self, run: JobRun, video_id: UUID, name: str) -> Plan:
        """Makes what is missing of a rendition, of a picture with the first sound; returns the plan of it.

        Raises RenditionGoneError where the video has no such rendition any more, OtherWorkerError where this worker
        lacks its encoder.
        """
        work, plan = await self._audio.measured(run, video_id)
        if all(rendition.name != name for rendition in plan.renditions):
            raise RenditionGoneError(name)
        if not cell_needs(plan, name) <= self._labels:
            raise OtherWorkerError(cell_needs(plan, name))
        sound = next((sound for sound in plan.sounds if sound.name == name), plan.audio)
        if any(rung.name == name for rung in plan.pictures):
            there = set((await self._results.find_stored(video_id, plan, range(plan.grid.cells)))[name].cells)
            async with self._sources.serve(work.source_key) as source:
                for cells in runs(plan, range(plan.grid.cells)):
                    if not there.issuperset(cells):
                        await self._make_cells(run, video_id, work, plan, source, cells, [name])
        elif plan.copied is not None and plan.copied.name == name:
            await self._copying.copy_missing(run, video_id, work, plan, range(plan.copied.cells))
        if sound is not None:
            await self._audio.make(run, video_id, work, plan, sound)
        return plan

    async def _ingest(self, run: JobRun, video_id: UUID) -> None:
        work = await self._results.find_work(video_id)
        async with self._sources.serve(work.source_key) as source:
            plan = read_plan(work.plan) if work.plan else await self._make_plan(run, video_id, work, source)
            if plan.opens_copied:
                await self._copying.copy_missing(run, video_id, work, plan, range(1))
            elif plan.video:
                for cells in runs(plan, plan.chunk_cells(0)):
                    first = cells.start == 0  # with it the video plays; from then on others may be in more of a hurry
                    names = _opening(plan, self._labels) if first else [plan.video[0].name]
                    await self._make_cells(run, video_id, work, plan, source, cells, names, urgent=first)
        await self._results.first_chunk_done(run, video_id, plan, brief=work.replaces is not None)

    async def _make_plan(self, run: JobRun, video_id: UUID, work: WorkRow, source: ServedSource) -> Plan:
        limits = Limits(
            max_seconds=int(self._settings.max_source_hours * 3600), max_pixels=self._settings.max_source_pixels
        )
        try:
            facts = await probe(
                source.url, size=source.size, read=source.read, limits=limits, binaries=self._options.binaries
            )
        except MediaFault as fault:
            if fault.code == "took_too_long" and source.waited > limits.probe_seconds / 2:
                raise StorageUnavailable("The object storage was too slow for a look at the source.") from fault
            raise
        source.check()
        measured = self._settings.loudness != "off"
        planned = make_plan(facts, measured=measured, encoder=self._settings.h264_encoder)
        mark = await self._marks.chosen(work) if planned.video else None
        if mark is not None:
            planned = marked(planned, mark)
        else:
            planned = await self._offer_copy(video_id, planned, facts, source)
        plan = await self._results.plan_made(run, video_id, planned)
        log.info("planned", video_id=str(video_id), cells=plan.grid.cells, reasons=plan.reasons)
        return plan

    async def _offer_copy(self, video_id: UUID, plan: Plan, facts: Probe, source: ServedSource) -> Plan:
        """The plan, with the source's own picture where that conforms."""
        if self._settings.passthrough == "off":
            return plan
        plan, index = await consider(
            plan,
            facts,
            source.read,
            source.size,
            max_bits=self._settings.passthrough_max_kbits * 1000,
        )
        if index is not None:
            await self._results.object_stored(await self._copier.keep_index(video_id, plan, index), index)
        return plan

    async def _make_cells(
        self,
        run: JobRun,
        video_id: UUID,
        work: WorkRow,
        plan: Plan,
        source: ServedSource,
        cells: range,
        names: list[str],
        *,
        urgent: bool = False,
        unasked: bool = False,
    ) -> None:
        stored = await self._results.find_stored(video_id, plan, cells)  # viewers may have had some made meanwhile
        publisher = Publisher(self._storage, self._results, run, video_id, plan, stored, unasked=unasked)
        there = {(name, index) for name in names for index in stored[name].cells}
        absent = {
            name: [index for index in cells if (name, index) not in there]
            for name in names
            if not stored[name].evicting
        }
        there |= await self._film.copy(work, plan, absent, publisher)
        missing = [name for name, indexes in absent.items() if not there.issuperset((name, i) for i in indexes)]
        making = encode_cells(
            source.url,
            plan,
            cells,
            missing,
            mark=await self._marks.image_of(work, plan),
            skip=there,
            expected_inits={name: init for known in missing for name, init in stored[known].inits().items()},
            options=self._options(float(plan.grid.cell_duration(cells.start)) * len(cells), urgent=urgent),
        )
        await publisher.publish_all(source.checked(making))

    async def _poster(self, run: JobRun, video_id: UUID) -> None:
        work = await self._results.find_work(video_id)
        plan = plan_of(work)
        if work.has_poster or not plan.video:
            return
        mark = await self._marks.image_of(work, plan)
        async with self._sources.serve(work.source_key) as source:
            try:
                poster = await make_poster(source.url, plan, mark=mark, options=self._options(60.0))
            except MediaFault as fault:
                source.check()
                log.info("no_poster", video_id=str(video_id), code=fault.code, evidence=fault.evidence)
                return
        key = keys.poster_key(video_id, work.edition)
        await self._storage.put(key, poster.jpeg, "image/jpeg")
        await self._results.object_stored(key, poster.jpeg)
        await self._results.poster_stored(run, video_id, poster.placeholder, edition=work.edition)

    async def _gave_up(self, db: Connection, video_id: str, **part: object) -> None:
        log.error("encoding_given_up", video_id=video_id, **part)
        await self._results.gave_up(db, UUID(video_id))


def _opening(plan: Plan, labels: frozenset[str]) -> list[str]:
    """The rungs whose first cell is made before anything else: the lowest, and what players begin with beside it.

    Of these only what a worker with such labels can make: the plan may be another's, that is lost.
    """
    small = [rung for rung in plan.video[1:] if min(rung.width, rung.height) <= _STARTING_SIDE]
    return [plan.video[0].name, *(rung.name for rung in small if HARDWARE[rung.encoder] <= labels)]
