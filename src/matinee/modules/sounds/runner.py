"""The job that gives an uploaded sound its place in the plan.

What is wrong with its file is the sound's fault and never the video's.
"""

from uuid import UUID

import structlog
from msgspec.structs import replace

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.encode import EncoderOptions
from matinee.media.faults import MediaFault
from matinee.media.loudness import measure, windows, with_gain
from matinee.media.model import AudioRendition, Plan, SoundFile
from matinee.media.plan import plan_sound
from matinee.media.probe import Limits, Probe, probe
from matinee.modules.downloads.refreshing import refresh_downloads
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.errors import (
    ENCODING_CRASHED,
    SOURCE_MISSING,
    Failure,
    PlanChangedError,
    VideoGoneError,
)
from matinee.modules.encoding.jobs import audio_job
from matinee.modules.encoding.service import read_plan
from matinee.modules.encoding.source_server import ServedSource, SourceServer
from matinee.modules.sounds import repository
from matinee.modules.sounds.jobs import ADD
from matinee.modules.sounds.repository import AddedSound
from matinee.modules.sounds.rules import known_language, with_sound

log = structlog.get_logger()

NO_SOUND = Failure("no_sound", "The file holds no sound that can be decoded.")


class SoundRunner:
    """The job's work, over the process's own source server."""

    def __init__(
        self, settings: Settings, database: Database, queue: JobQueue, sources: SourceServer, attend: Attend
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._sources = sources
        self._attend = attend
        self._binaries = find_binaries(
            *(str(path) if path else None for path in (settings.ffmpeg_path, settings.ffprobe_path))
        )

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(ADD, self.add, on_dead=self._gave_up)

    async def add(self, run: JobRun, video_id: str, name: str) -> None:
        """Looks at the file, plans the sound and has it made. Leaves where that is done; may be killed anywhere."""

        async def work(run: JobRun, video: UUID) -> None:
            async with self._database.connection() as db:
                row = await repository.find_added(db, video, name)
                plan = await encoding.find_plan(db, video)
            if row is None or row.state != "PROCESSING":
                return
            if plan is None:
                raise VideoGoneError
            reasons: list[str] = []
            sounds = await self._plan(row, plan, reasons)
            if isinstance(sounds, Failure):
                await self._fail(run, row, sounds)
            else:
                await self._record(run, row, plan, sounds, reasons)

        await self._attend(run, UUID(video_id), work)

    async def _plan(self, row: AddedSound, plan: Plan, reasons: list[str]) -> list[AudioRendition] | Failure:
        """What becomes of the file on the video's grid: it begins with the picture."""
        limits = Limits(
            max_seconds=int(self._settings.max_source_hours * 3600), max_pixels=self._settings.max_source_pixels
        )
        try:
            async with self._sources.serve(keys.sound_key(row.video_id, row.name)) as source:
                found = await probe(
                    source.url, size=source.size, read=source.read, limits=limits, binaries=self._binaries
                )
                return await self._planned(row, plan, found, source, reasons)
        except MediaFault as fault:
            log.info("no_sound", video_id=str(row.video_id), code=fault.code, evidence=fault.evidence)
            return Failure.of(fault)
        except NoSuchObjectError:
            return SOURCE_MISSING

    async def _planned(
        self, row: AddedSound, plan: Plan, found: Probe, source: ServedSource, reasons: list[str]
    ) -> list[AudioRendition] | Failure:
        facts, target = found.audio, self._settings.loudness
        if facts is None:
            return NO_SOUND
        file = SoundFile(found.container, facts.heard.as_integer_ratio())
        planned = plan_sound(facts, row.name, facts.heard, plan.grid, found.container, reasons)
        sounds = [replace(sound, file=file) for sound in planned]
        if target == "off":
            return sounds
        heard = windows(facts.end - facts.heard, source.size, seekable=found.seekable)
        options = EncoderOptions(self._binaries, max_pixels=self._settings.max_source_pixels)
        measured = await measure(
            source.url, found.container, sounds, heard, options=options, read=source.read, size=source.size
        )
        decided = [with_gain(sound, measured.get(sound.name), target) for sound in sounds]
        reasons += [reason for _, reason in decided]
        return [sound for sound, _ in decided]

    async def _record(
        self, run: JobRun, row: AddedSound, fits: Plan, sounds: list[AudioRendition], reasons: list[str]
    ) -> None:
        """Gives the sound a place; raises PlanChangedError where the video has another grid than that it fits."""
        video_id = row.video_id
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            stored = await encoding.lock_plan(db, video_id)
            if stored is None:
                raise VideoGoneError
            row_now = await repository.lock_added(db, video_id, row.name)
            if row_now is None or not await repository.mark_ready(db, video_id, row.name):
                return
            plan = read_plan(stored.plan)
            if plan.grid != fits.grid:
                raise PlanChangedError
            named = [
                replace(sound, language=known_language(row_now.language), title=row_now.title) for sound in sounds
            ]
            default = row_now.is_default or not plan.sounds
            changed = with_sound(plan, named, reasons, default=default)
            await encoding.change_plan(db, video_id, changed, revision=stored.plan_revision)
            first = await encoding.next_position(db, video_id)
            await encoding.add_renditions(db, video_id, changed, named, first_position=first)
            jobs = [audio_job(video_id, sound.name, first=sound.name == changed.sounds[0].name) for sound in named]
            await self._queue.enqueue_all(db, jobs)
            if default:
                await refresh_downloads(db, self._queue, video_id)
            await announce(db, str(video_id))
        log.info("sound_added", video_id=str(video_id), name=row.name, reasons=reasons)

    async def _fail(self, run: JobRun, row: AddedSound, failure: Failure) -> None:
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if await repository.fail(db, row.video_id, row.name, failure):
                await announce(db, str(row.video_id))

    async def _gave_up(self, db: Connection, video_id: str, name: str) -> None:
        if await repository.fail(db, UUID(video_id), name, ENCODING_CRASHED):
            await announce(db, video_id)
