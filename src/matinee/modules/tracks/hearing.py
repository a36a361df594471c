"""The job that captions a video by machine: window by window, each kept when it was heard.

It may be killed anywhere and goes on with the window it was at. What it hears is made by a child process, so nothing
of it is in this one; and it reads the sound's cells, which are small, and not the film.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import structlog

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.captions.break_lines import break_lines
from matinee.media.captions.languages import UNKNOWN
from matinee.media.captions.vtt import write_vtt
from matinee.media.encode import EncoderOptions
from matinee.media.faults import MediaFault
from matinee.media.ffmpeg import ProcessLimits
from matinee.media.model import AudioRendition, Plan
from matinee.media.speech.languages import to_bcp47, to_model
from matinee.media.speech.listener import Listener, SpeechProgram, SpeechRefused, listening
from matinee.media.speech.sound import decode_cells
from matinee.media.speech.windows import Window, join, windows_of
from matinee.media.speech.words import Heard, Word
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.cell_repository import find_stored
from matinee.modules.encoding.jobs import audio_job
from matinee.modules.encoding.outages import OUTAGES
from matinee.modules.integrity.stored import store
from matinee.modules.pictures.objects import read_whole
from matinee.modules.tracks import hearing_repository as repository
from matinee.modules.tracks.hearing_repository import HearingRow
from matinee.modules.tracks.jobs import HEAR
from matinee.modules.tracks.rules import NO_SPEECH, SOUND_MISSING, SPEECH_FAILED, machine_name

log = structlog.get_logger()

_LOOK_SECONDS = 1.0  # how soon a deleted track's program is ended
_SOUND_PAUSE = 1.0
_SOUND_PATIENCE = 600.0  # seconds without a new cell
_DECODE_LIMITS = ProcessLimits(wall_seconds=120.0, cpu_seconds=120, niceness=19)


class SoundMissingError(Exception):
    """The sound's cells do not come; the next attempt waits for them again."""


class _Unwanted(Exception):
    """The track or its video was deleted."""


class Hearing:
    """The job's work; `program` hears."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        attend: Attend,
        program: SpeechProgram,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._attend = attend
        self._program = program
        binaries = find_binaries(*(str(p) if p else None for p in (settings.ffmpeg_path, settings.ffprobe_path)))
        self._options = EncoderOptions(binaries, _DECODE_LIMITS)

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(HEAR, self.hear, on_dead=self._gave_up)

    async def hear(self, run: JobRun, video_id: str, track_id: str) -> None:
        """Captions a video. Leaves where nobody wants it any more."""
        track = UUID(track_id)

        async def work(run: JobRun, video: UUID) -> None:
            try:
                await self._while_wanted(track, lambda: self._hear(run, video, track))
            except _Unwanted:
                log.info("captions_unwanted", track_id=track_id)
            except SpeechRefused as refused:
                log.warning("speech_refused", track_id=track_id, code=refused.code, detail=refused.detail)
                await self._fail(run, video, track, refused.code)
            except NoSuchObjectError as error:  # a cell that is recorded and gone; the film may well be there
                log.warning("sound_missing", track_id=track_id, key=str(error))
                await self._fail(run, video, track, SOUND_MISSING)
            except MediaFault as fault:  # of our own cells: nothing is wrong with the video
                log.warning("sound_not_decoded", track_id=track_id, code=fault.code, evidence=fault.evidence)
                await self._fail(run, video, track, SPEECH_FAILED)

        await self._attend(run, UUID(video_id), work)

    async def _while_wanted(self, track_id: UUID, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work; raises _Unwanted, with all of its processes dead, soon after the track is deleted."""
        working = asyncio.ensure_future(work())
        watching = asyncio.create_task(self._until_unwanted(track_id))
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise _Unwanted
            working.result()
        finally:
            for task in (working, watching):
                task.cancel()
            await asyncio.gather(working, watching, return_exceptions=True)

    async def _until_unwanted(self, track_id: UUID) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                async with self._database.connection() as db:
                    if not await repository.is_wanted(db, track_id):
                        return
            except OUTAGES as error:  # the work itself has the patience
                log.warning("captions_look_failed", error=str(error))

    async def _hear(self, run: JobRun, video_id: UUID, track_id: UUID) -> None:
        async with self._database.connection() as db:
            found = await repository.find(db, track_id)
        if found is None:
            return
        plan = found.read_plan()
        audio = next((sound for sound in plan.sounds if sound.name == found.sound), None)
        if audio is None:  # its owner has taken it from the video
            await self._fail(run, video_id, track_id, SOUND_MISSING)
            return
        windows = windows_of(plan, audio)
        if found.windows is None:
            async with self._database.transaction() as db:
                await ensure_owned(db, run)
                await repository.count_windows(db, track_id, len(windows))
        if found.heard < len(windows):
            await self._hear_windows(run, video_id, track_id, found, plan, audio, windows)
        await self._finish(run, video_id, track_id, windows)

    async def _hear_windows(
        self,
        run: JobRun,
        video_id: UUID,
        track_id: UUID,
        found: HearingRow,
        plan: Plan,
        audio: AudioRendition,
        windows: list[Window],
    ) -> None:
        language = found.language if found.declared or found.probability is not None else None
        async with listening(self._program) as listener:
            for number in range(found.heard, len(windows)):
                began = time.monotonic()
                heard = await self._hear_window(listener, video_id, plan, audio, windows[number], language)
                probability = heard.probability if found.declared else None
                if language is None and heard.words:  # silence tells no language
                    language, probability = to_bcp47(heard.language), heard.probability
                await self._record(run, video_id, track_id, number, heard, language, probability)
                log.info(
                    "window_heard",
                    track_id=str(track_id),
                    number=number,
                    of=len(windows),
                    words=len(heard.words),
                    seconds=round(time.monotonic() - began, 2),
                )

    async def _hear_window(
        self,
        listener: Listener,
        video_id: UUID,
        plan: Plan,
        audio: AudioRendition,
        window: Window,
        language: str | None,
    ) -> Heard:
        await self._await_cells(video_id, plan, audio, window.cells)
        init = await read_whole(self._storage, keys.init_key(video_id, plan.recipe, audio.name))
        cells = [
            await read_whole(self._storage, keys.cell_key(video_id, plan.recipe, audio.name, cell))
            for cell in window.cells
        ]
        samples = await decode_cells(init, cells, options=self._options)
        heard = await listener.hear(samples, None if language is None else to_model(language))
        words = tuple(Word(word.start + window.start, word.end + window.start, word.text) for word in heard.words)
        return msgspec.structs.replace(heard, words=words)

    async def _await_cells(self, video_id: UUID, plan: Plan, audio: AudioRendition, cells: range) -> None:
        """Waits for the sound, which is encoded soon after a video is READY; its own job makes it."""
        before, give_up_at = -1, 0.0
        while True:
            async with self._database.connection() as db:
                found = (await find_stored(db, video_id, cells)).get(audio.name)
            if found is None:
                raise NoSuchObjectError(audio.name)
            stored = len(found.cells)
            if stored == len(cells):
                return
            now = time.monotonic()
            if before < 0:
                async with self._database.transaction() as db:
                    await self._queue.enqueue(db, audio_job(video_id, audio.name, first=audio == plan.audio))
            if stored > before:
                before, give_up_at = stored, now + _SOUND_PATIENCE
            if now > give_up_at:
                raise SoundMissingError(f"cells {cells.start} to {cells.stop - 1}")
            await asyncio.sleep(_SOUND_PAUSE)

    async def _record(
        self,
        run: JobRun,
        video_id: UUID,
        track_id: UUID,
        number: int,
        heard: Heard,
        language: str | None,
        probability: float | None,
    ) -> None:
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            kept = await repository.record(
                db,
                track_id,
                number,
                list(heard.words),
                language=language,
                probability=probability,
            )
            if not kept:
                raise _Unwanted
            await self._queue.progressed(db, run)
            await announce(db, str(video_id))

    async def _finish(self, run: JobRun, video_id: UUID, track_id: UUID, windows: list[Window]) -> None:
        async with self._database.connection() as db:
            found = await repository.find(db, track_id)
            heard = await repository.words_of(db, track_id)
        if found is None:
            raise _Unwanted
        cues = await asyncio.to_thread(lambda: break_lines(join(windows, heard)))
        if not cues:
            await self._fail(run, video_id, track_id, NO_SPEECH)
            return
        name = machine_name(found.language) if found.language != UNKNOWN else ""
        await store(
            self._storage,
            self._database,
            keys.captions_key(video_id, track_id),
            write_vtt(cues).encode(),
            keys.CAPTIONS_TYPE,
        )
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            finished = await repository.finish(db, track_id, cues=len(cues), name=name)
            await announce(db, str(video_id))
        if not finished:  # deleted meanwhile; the job that removes its file may have run before it was stored
            await self._storage.delete_prefix(keys.captions_key(video_id, track_id))
        log.info("captions_made", track_id=str(track_id), cues=len(cues), language=found.language)

    async def _fail(self, run: JobRun, video_id: UUID, track_id: UUID, code: str) -> None:
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if await repository.fail(db, track_id, code):
                await announce(db, str(video_id))

    async def _gave_up(self, db: Connection, video_id: str, track_id: str) -> None:
        log.error("captions_given_up", video_id=video_id, track_id=track_id)
        if await repository.fail(db, UUID(track_id), SPEECH_FAILED):
            await announce(db, video_id)
