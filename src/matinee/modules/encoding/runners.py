"""The jobs that run FFmpeg: look at the file and make it playable, fill in chunks, make sound and poster.

Each takes ids, reads what is left to do and leaves when that is nothing, so a job may run twice or be killed at any
moment. No transaction and no row is held while FFmpeg runs.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from fractions import Fraction
from uuid import UUID

import msgspec
import structlog

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.storage.port import NoSuchObjectError, Storage, StorageUnavailable
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.brake import Brake, EasedBrake
from matinee.media.cells import Cell
from matinee.media.encode import EncoderOptions, encode_audio, encode_cells
from matinee.media.faults import MediaFault
from matinee.media.ffmpeg import ProcessLimits
from matinee.media.loudness import measure, unmeasured, windows, with_gains
from matinee.media.model import AudioRendition, Plan
from matinee.media.passthrough import consider
from matinee.media.pictures import make_poster
from matinee.media.plan import make_plan
from matinee.media.probe import Limits, Probe, probe
from matinee.media.video_argv import runs
from matinee.media.watermark import marked
from matinee.modules.encoding import repository
from matinee.modules.encoding.copying import Copier, CopyRunner
from matinee.modules.encoding.demand import LOOK_SECONDS, DemandRunner
from matinee.modules.encoding.errors import (
    SOURCE_MISSING,
    EvictedError,
    Failure,
    FillingCancelledError,
    OtherWorkerError,
    PlanChangedError,
    RenditionGoneError,
    VideoGoneError,
)
from matinee.modules.encoding.film_cells import FilmCells
from matinee.modules.encoding.jobs import ALTERNATIVES, AUDIO, CHUNK, FILL, HARDWARE, INGEST, POSTER, cell_needs
from matinee.modules.encoding.marks import DefaultMark, Marks
from matinee.modules.encoding.outages import OUTAGES, outlast
from matinee.modules.encoding.policy import Policy
from matinee.modules.encoding.publishing import Publisher
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import read_plan
from matinee.modules.encoding.source_server import ServedSource, SourceServer
from matinee.modules.encoding.titling import TitleRunner

log = structlog.get_logger()

_STARTING_SIDE = 360  # lines that a player begins with, and that cost next to nothing beside the lowest rung
_LEAST_WALL_SECONDS = 600.0
_YIELD_SECONDS = 10.0  # well within the 30 s after which FFmpeg calls its input lost
_YIELD_PAUSE = 0.1
_WALL_SECONDS_A_SECOND = 120.0  # of video; a slow machine with a hard source still gets through, a hung one ends


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
        self._database = database
        self._storage = storage
        self._queue = queue
        self._sources = sources
        self._results = Results(
            database,
            queue,
            settings.encode_policy,
            settings.codecs,
            big_pixels=settings.big_source_pixels,
            fits_ladders=settings.ladder == "title",
            fill_delay=settings.fill_delay_seconds,
        )
        self._film = FilmCells(database, storage)
        self._binaries = find_binaries(
            *(str(p) if p else None for p in (settings.ffmpeg_path, settings.ffprobe_path))
        )
        self._labels = HARDWARE[settings.h264_encoder]
        self._brake = Brake()
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
            self._brake,
            self.attend,
            self._options,
            self._gave_up,
            self._results,
            self._copier,
            self._marks,
            self._labels,
        )
        self._titling = TitleRunner(queue, self._results, sources, self._brake, self.attend, self._options)
        self._running: set[asyncio.Task[None]] = set()
        self._handing_back = False

    def register(self) -> None:
        """Tells the queue how the jobs are run."""
        self._queue.register(INGEST, self.ingest, on_dead=self._gave_up)
        self._queue.register(CHUNK, self.chunk, on_dead=self._gave_up)
        self._queue.register(ALTERNATIVES, self.alternatives, on_dead=self._gave_up)
        self._queue.register(AUDIO, self.audio, on_dead=self._gave_up)
        self._queue.register(POSTER, self.poster)
        self._queue.register(FILL, self.fill)
        self._demand.register()
        self._copying.register()
        self._titling.register()

    def hand_back(self) -> None:
        """Ends what is running, and what still begins, at once; the queue gives it to another worker."""
        self._handing_back = True
        for task in self._running:
            task.cancel()

    async def ingest(self, run: JobRun, video_id: str) -> None:
        """Probes and plans the file, and makes the lowest rung of its first chunk."""
        await self.attend(run, UUID(video_id), self._ingest)

    async def chunk(self, run: JobRun, video_id: str, chunk: int) -> None:
        """Makes the cells of a chunk that do not exist and are made though nobody asks; all rungs in one process."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            if found.cancelled and not run.urgent:
                return
            plan = _plan_of(found)
            policy = found.encode_policy or self._settings.encode_policy
            async with self._sources.serve(found.source_key) as source:
                for cells in runs(plan, plan.chunk_cells(chunk)):
                    names = _unasked(plan, policy, cells)
                    await self._make_cells(run, video, found, plan, source, cells, names, unasked=not run.urgent)

        await self.attend(run, UUID(video_id), work)

    async def alternatives(self, run: JobRun, video_id: str, chunk: int) -> None:
        """Makes the cells of a chunk that do not exist in the codecs beside H.264, one rendition after another.

        With `on_demand` none: what is watched of them is made by who watches. A source that cannot be entered is
        made here all the same, for there is no other way.
        """

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            plan = _plan_of(found)
            policy = found.encode_policy or self._settings.encode_policy
            if (policy == "on_demand" and plan.source.seekable) or (found.cancelled and not run.urgent):
                return
            async with self._sources.serve(found.source_key) as source:
                for rung in plan.alternatives:
                    for cells in runs(plan, plan.chunk_cells(chunk)):
                        names = [rung.name]
                        await self._make_cells(run, video, found, plan, source, cells, names, unasked=not run.urgent)

        await self.attend(run, UUID(video_id), work)

    async def audio(self, run: JobRun, video_id: str, rendition: str | None = None) -> None:
        """Makes a sound, from the first cell that does not exist; None: the first, as jobs of former versions say."""

        async def work(run: JobRun, video: UUID) -> None:
            found, plan = await self._measured(run, video)
            sound = plan.audio if rendition is None else _sound_of(plan, rendition)
            if sound is not None:
                await self._audio(run, video, found, plan, sound)

        await self.attend(run, UUID(video_id), work)

    async def poster(self, run: JobRun, video_id: str) -> None:
        """Makes the poster. A file without a picture that could serve goes without."""
        await self.attend(run, UUID(video_id), self._poster)

    async def fill(self, run: JobRun, video_id: str) -> None:
        """Has the rest made of a video that can be played."""

        async def work(run: JobRun, video: UUID) -> None:
            await self._results.fill(run, video, _plan_of(await self._results.find_work(video)))

        await self.attend(run, UUID(video_id), work)

    async def complete(self, run: JobRun, video_id: UUID, name: str) -> Plan:
        """Makes what is missing of a rendition, of a picture with the first sound; returns the plan of it.

        Raises RenditionGoneError where the video has no such rendition any more, OtherWorkerError where this worker
        lacks its encoder.
        """
        work, plan = await self._measured(run, video_id)
        if all(rendition.name != name for rendition in plan.renditions):
            raise RenditionGoneError(name)
        if not cell_needs(plan, name) <= self._labels:
            raise OtherWorkerError(cell_needs(plan, name))
        sound = _sound_of(plan, name) or plan.audio
        if any(rung.name == name for rung in plan.pictures):
            there = set((await self._results.find_stored(video_id, plan, range(plan.grid.cells)))[name].cells)
            async with self._sources.serve(work.source_key) as source:
                for cells in runs(plan, range(plan.grid.cells)):
                    if not there.issuperset(cells):
                        await self._make_cells(run, video_id, work, plan, source, cells, [name])
        elif plan.copied is not None and plan.copied.name == name:
            await self._copying.copy_missing(run, video_id, work, plan, range(plan.copied.cells))
        if sound is not None:
            await self._audio(run, video_id, work, plan, sound)
        return plan

    async def attend(self, run: JobRun, video_id: UUID, work: Callable[[JobRun, UUID], Awaitable[None]]) -> None:
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
                    await asyncio.sleep(_YIELD_PAUSE)

        async with self._alive(run):
            try:
                await outlast(despite_changes, what="job")
            except FillingCancelledError:
                log.info("filling_cancelled", video_id=str(video_id))
            except VideoGoneError:
                await self._clear_away(video_id)
            except RenditionGoneError as gone:
                await self._clear_rendition(video_id, gone.name)

    async def _work(self, run: JobRun, video_id: UUID, work: Callable[[JobRun, UUID], Awaitable[None]]) -> None:
        revision = await self._results.find_revision(video_id)
        try:
            await work(run, video_id)
        except MediaFault as fault:
            log.info("source_fault", video_id=str(video_id), code=fault.code, evidence=fault.evidence)
            failure = Failure.of(fault)
        except NoSuchObjectError:
            failure = SOURCE_MISSING
        else:
            return
        await outlast(lambda: self._results.failed(run, video_id, failure, revision=revision), what="failure")

    async def _ingest(self, run: JobRun, video_id: UUID) -> None:
        work = await self._results.find_work(video_id)
        async with self._sources.serve(work.source_key) as source:
            plan = read_plan(work.plan) if work.plan else await self._make_plan(run, video_id, work, source)
            if plan.video:
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
                source.url, size=source.size, read=source.read, limits=limits, binaries=self._binaries
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
            await self._copier.keep_index(video_id, plan, index)
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
        await self._publish_all(making, source, publisher)

    async def _audio(self, run: JobRun, video_id: UUID, work: WorkRow, plan: Plan, sound: AudioRendition) -> None:
        cells = range(plan.grid.cells)
        stored = await self._results.find_stored(video_id, plan, cells)
        if sound.name not in stored:
            raise RenditionGoneError(sound.name)
        there = set(stored[sound.name].cells)
        first = next((index for index in cells if index not in there), None)
        publisher = Publisher(self._storage, self._results, run, video_id, plan, stored)
        if first is not None:
            first = await self._film.copy_sound(work, plan, sound, first, publisher)
        if first is not None and first < plan.grid.cells:
            options = self._options(float(plan.grid.duration), urgent=sound is plan.audio)
            async with (
                self._brake_unless_awaited(video_id, sound, range(first, plan.grid.cells)) as brake,
                self._sources.serve(_file_of(work.replaces or video_id, work, sound)) as source,
            ):
                options = msgspec.structs.replace(options, brake=brake)
                making = encode_audio(source.url, plan, sound, first=first, options=options)
                await self._publish_all(
                    making, source, publisher, after_first=lambda: self._yield_to_picture(video_id, source)
                )
        await self._results.sound_done(run, video_id, plan)

    @asynccontextmanager
    async def _brake_unless_awaited(
        self, video_id: UUID, sound: AudioRendition, cells: range
    ) -> AsyncIterator[EasedBrake]:
        """The brake for the process of a sound, eased for as long as somebody waits for one of these cells of it."""
        brake = EasedBrake(self._brake)

        async def look() -> None:
            async with self._database.connection() as db:
                row = await repository.find_demand(db, video_id, sound.name, cells)
            brake.ease(any(interest.waits and interest.cell not in row.cells for interest in row.wanted()))

        async def keep_looking() -> None:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await outlast(look, what="look")

        looking = asyncio.create_task(keep_looking())
        try:
            yield brake
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)  # a video that is gone meets whoever publishes

    async def _measured(self, run: JobRun, video_id: UUID) -> tuple[WorkRow, Plan]:
        """The video and its plan, of which the gain of each sound is known.

        Whoever comes first measures all of the file at once. It is the first sound's job as a rule, before the video
        can be played: what players are told stays so.
        """
        while True:
            work = await self._results.find_work(video_id)
            plan = _plan_of(work)
            sounds = unmeasured(plan)
            if not sounds or self._settings.loudness == "off":
                return work, plan
            async with self._sources.serve(work.source_key) as source:
                duration = Fraction(*plan.source.duration)
                heard = windows(duration, source.size, seekable=plan.source.seekable)
                options = self._options(0.0, urgent=True)
                measured = await measure(
                    source.url,
                    plan.source.container,
                    sounds,
                    heard,
                    options=options,
                    read=source.read,
                    size=source.size,
                )
            changed = with_gains(plan, measured, self._settings.loudness)
            await self._results.plan_changed(run, video_id, changed, revision=work.plan_revision)

    async def _publish_all(
        self,
        making: AsyncGenerator[Cell, None],
        source: ServedSource,
        publisher: Publisher,
        *,
        after_first: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`after_first` is called when the video's first cell is published."""
        async with aclosing(making):
            async for cell in making:
                source.check()  # a picture that FFmpeg made up for a part it could not read is not stored
                await publisher.publish(cell)
                if after_first is not None and cell.index == 0:
                    await after_first()

    async def _yield_to_picture(self, video_id: UUID, source: ServedSource) -> None:
        """Holds the sound back, once it has begun, until the picture has begun as well.

        FFmpeg would read through the whole file for its sound in no time, and the picture that is waited for would
        share network, disk and processors with it.
        """
        give_up_at = time.monotonic() + _YIELD_SECONDS
        async with source.paused():
            while (await self._results.find_work(video_id)).status == "PROCESSING":
                if time.monotonic() > give_up_at:
                    return
                await asyncio.sleep(_YIELD_PAUSE)

    async def _poster(self, run: JobRun, video_id: UUID) -> None:
        work = await self._results.find_work(video_id)
        plan = _plan_of(work)
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
        await self._storage.put(keys.poster_key(video_id, work.edition), poster.jpeg, "image/jpeg")
        await self._results.poster_stored(run, video_id, poster.placeholder, edition=work.edition)

    def _options(self, seconds: float, *, urgent: bool = False) -> EncoderOptions:
        """How FFmpeg is run for so many seconds of video; what a person waits for goes before the background."""
        wall = _LEAST_WALL_SECONDS + _WALL_SECONDS_A_SECOND * seconds
        nice = self._settings.ffmpeg_nice
        limits = ProcessLimits(wall_seconds=wall, cpu_seconds=int(wall * 4), niceness=nice // 2 if urgent else nice)
        return EncoderOptions(
            binaries=self._binaries,
            limits=limits,
            max_pixels=self._settings.max_source_pixels,
            device=str(self._settings.vaapi_device),
            brake=None if urgent else self._brake,
        )

    async def _gave_up(self, db: Connection, video_id: str, **part: object) -> None:
        log.error("encoding_given_up", video_id=video_id, **part)
        await self._results.gave_up(db, UUID(video_id))

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
            await asyncio.sleep(self._settings.worker_heartbeat_seconds)
            try:
                async with self._database.connection() as db:
                    await repository.stay_alive(db, worker_id)
            except OUTAGES as error:
                log.warning("heartbeat_failed", error=str(error))


def _opening(plan: Plan, labels: frozenset[str]) -> list[str]:
    """The rungs whose first cell is made before anything else: the lowest, and what players begin with beside it.

    Of these only what a worker with such labels can make: the plan may be another's, that is lost.
    """
    small = [rung for rung in plan.video[1:] if min(rung.width, rung.height) <= _STARTING_SIDE]
    return [plan.video[0].name, *(rung.name for rung in small if HARDWARE[rung.encoder] <= labels)]


def _unasked(plan: Plan, policy: Policy, cells: range) -> list[str]:
    """The rungs that are made of these cells though nobody watches.

    With `on_demand` the lowest, which serves seeking and pictures. Of the first cell all: most viewers begin there,
    and players need each rung's init segment before they ask for any other cell of it.
    """
    rungs = plan.video if policy == "eager" or cells.start == 0 else plan.video[:1]
    return [rung.name for rung in rungs]


def _file_of(video_id: UUID, work: WorkRow, sound: AudioRendition) -> str:
    """The file that a sound of a video comes from."""
    if sound.file is None:
        return work.source_key
    return keys.sound_key(video_id, sound.surround_of or sound.name)


def _sound_of(plan: Plan, name: str) -> AudioRendition | None:
    return next((sound for sound in plan.sounds if sound.name == name), None)


def _plan_of(work: WorkRow) -> Plan:
    assert work.plan is not None, "this job is enqueued with the plan"
    return read_plan(work.plan)
