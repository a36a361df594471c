"""The job that makes a sound, from its start: measured first, and out of the way of whoever waits for a picture."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from fractions import Fraction
from uuid import UUID

import msgspec

from matinee.common.database import Database
from matinee.common.jobs import JobQueue, JobRun, OnDead
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.brake import EasedBrake
from matinee.media.cells import Cell
from matinee.media.encode import encode_audio
from matinee.media.loudness import measure, unmeasured, windows, with_gains
from matinee.media.model import AudioRendition, Plan
from matinee.modules.encoding import interest_repository
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.demand import LOOK_SECONDS
from matinee.modules.encoding.errors import RenditionGoneError
from matinee.modules.encoding.film_cells import FilmCells
from matinee.modules.encoding.jobs import AUDIO
from matinee.modules.encoding.options import Options
from matinee.modules.encoding.outages import outlast
from matinee.modules.encoding.publishing import Publisher
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import plan_of
from matinee.modules.encoding.source_server import ServedSource, SourceServer

_YIELD_SECONDS = 10.0  # well within the 30 s after which FFmpeg calls its input lost
_YIELD_PAUSE = 0.1


class AudioRunner:
    """Makes sounds, of which a video that cannot be played yet needs the first."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        results: Results,
        sources: SourceServer,
        film: FilmCells,
        attend: Attend,
        options: Options,
        gave_up: OnDead,
        *,
        loudness: float | None,
    ) -> None:
        """`loudness`: LUFS that sounds are brought to; None: they stay as loud as they are."""
        self._database = database
        self._storage = storage
        self._queue = queue
        self._results = results
        self._sources = sources
        self._film = film
        self._attend = attend
        self._options = options
        self._gave_up = gave_up
        self._loudness = loudness

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(AUDIO, self.audio, on_dead=self._gave_up)

    async def audio(self, run: JobRun, video_id: str, rendition: str | None = None) -> None:
        """Makes a sound, from the first cell that does not exist; None: the first, as jobs of former versions say."""

        async def work(run: JobRun, video: UUID) -> None:
            found, plan = await self.measured(run, video)
            sound = next((sound for sound in plan.sounds if rendition in (None, sound.name)), None)
            if sound is not None:
                await self.make(run, video, found, plan, sound)

        await self._attend(run, UUID(video_id), work)

    async def measured(self, run: JobRun, video_id: UUID) -> tuple[WorkRow, Plan]:
        """The video and its plan, of which the gain of each sound is known.

        Whoever comes first measures all of the file at once. It is the first sound's job as a rule, before the video
        can be played: what players are told stays so.
        """
        while True:
            work = await self._results.find_work(video_id)
            plan = plan_of(work)
            sounds = unmeasured(plan)
            if not sounds or self._loudness is None:
                return work, plan
            async with self._sources.serve(work.source_key) as source:
                duration = Fraction(*plan.source.duration)
                measured = await measure(
                    source.url,
                    plan.source.container,
                    sounds,
                    windows(duration, source.size, seekable=plan.source.seekable),
                    options=self._options(0.0, urgent=True),
                    read=source.read,
                    size=source.size,
                )
            changed = with_gains(plan, measured, self._loudness)
            await self._results.plan_changed(run, video_id, changed, revision=work.plan_revision)

    async def make(self, run: JobRun, video_id: UUID, work: WorkRow, plan: Plan, sound: AudioRendition) -> None:
        """Makes what is missing of a sound, and records that it is whole."""
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
                self._brake_unless_awaited(video_id, sound, cells[first:]) as brake,
                self._sources.serve(_file_of(work.replaces or video_id, work, sound)) as source,
            ):
                options = msgspec.structs.replace(options, brake=brake)
                making = encode_audio(source.url, plan, sound, first=first, options=options)
                await self._publish(source.checked(making), source, publisher, video_id)
        await self._results.sound_done(run, video_id, plan)

    async def _publish(
        self, making: AsyncGenerator[Cell, None], source: ServedSource, publisher: Publisher, video_id: UUID
    ) -> None:
        async with aclosing(making):
            async for cell in making:
                await publisher.publish(cell)
                if cell.index == 0:
                    await self._yield_to_picture(video_id, source)

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

    @asynccontextmanager
    async def _brake_unless_awaited(
        self, video_id: UUID, sound: AudioRendition, cells: range
    ) -> AsyncIterator[EasedBrake]:
        """The brake for the process of a sound, eased for as long as somebody waits for one of these cells of it."""
        brake = EasedBrake(self._options.brake)

        async def look() -> None:
            async with self._database.connection() as db:
                row = await interest_repository.find_demand(db, video_id, sound.name, cells)
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


def _file_of(video_id: UUID, work: WorkRow, sound: AudioRendition) -> str:
    """The file that a sound of a video comes from."""
    if sound.file is None:
        return work.source_key
    return keys.sound_key(video_id, sound.surround_of or sound.name)
