"""The job that takes text tracks and chapters from a film which can be played already.

It runs when nobody waits for its lane, and what is wrong with a film's text is never a fault of the video.
"""

import asyncio
from typing import cast
from uuid import UUID, uuid5

import structlog

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.captions.model import BadCaptions, Cue, Format, cut_cues
from matinee.media.captions.read import salvage_vtt
from matinee.media.captions.vtt import write_vtt
from matinee.media.encode import EncoderOptions
from matinee.media.faults import MediaFault
from matinee.media.ffmpeg import ProcessLimits
from matinee.media.model import Plan
from matinee.media.probe import Limits
from matinee.media.text_streams import ChapterMark, FilmText, TextStream, extract_text, find_text
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.errors import PlanChangedError, VideoGoneError
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.service import read_plan
from matinee.modules.encoding.source_server import SourceServer
from matinee.modules.integrity.stored import store
from matinee.modules.tracks import repository
from matinee.modules.tracks.cutting import TextCutter
from matinee.modules.tracks.jobs import EXTRACT
from matinee.modules.tracks.repository import NewRow
from matinee.modules.tracks.rules import MOST_TRACKS, cut_chapters
from matinee.modules.tracks.schemas import LONGEST_TITLE, MOST_CHAPTERS, Chapter

log = structlog.get_logger()

_WALL_SECONDS = 3600.0  # of reading a film through once


class TextExtraction:
    """The job's work, over the process's own source server."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        sources: SourceServer,
        attend: Attend,
    ) -> None:
        self._settings = settings
        self._database = database
        self._storage = storage
        self._queue = queue
        self._sources = sources
        self._attend = attend
        self._cutter = TextCutter(database, storage)
        self._binaries = find_binaries(
            *(str(p) if p else None for p in (settings.ffmpeg_path, settings.ffprobe_path))
        )

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(EXTRACT, self.extract)

    async def extract(self, run: JobRun, video_id: str) -> None:
        """Takes what text the film has. Repeatable."""
        await self._attend(run, UUID(video_id), self._extract)

    async def _extract(self, run: JobRun, video_id: UUID) -> None:
        async with self._database.connection() as db:
            work = await encoding.find_work(db, video_id)
        if work is None or work.plan is None:
            raise VideoGoneError
        plan = read_plan(work.plan)
        if work.cut_from is not None:
            await self._cut_out(run, video_id, work, work.cut_from, plan)
            return
        async with self._sources.serve(work.source_key) as source:
            try:
                limits = Limits(max_pixels=self._settings.max_source_pixels)
                found = await find_text(source.url, plan, limits=limits, ffprobe=self._binaries.ffprobe)
                files = await self._read(source.url, plan, found)
            except MediaFault as fault:
                source.check()
                log.info("no_text", video_id=str(video_id), code=fault.code, evidence=fault.evidence)
                return
        rows = []
        start = plan.grid.skipped_frames / plan.grid.rate.fraction
        end = start + plan.grid.duration
        for stream, file in zip(found.streams, files, strict=True):
            cues = await asyncio.to_thread(_usable, video_id, stream, file)  # or no beat would be sent meanwhile
            if plan.trimmed:
                cues = cut_cues(cues, round(start * 1000), round(end * 1000))
            if cues:
                rows.append(_row(video_id, work.edition, stream, len(cues)))
                key = keys.captions_key(video_id, rows[-1].id)
                await store(self._storage, self._database, key, write_vtt(cues).encode(), keys.CAPTIONS_TYPE)
        chapters = _chapters(found.chapters)
        if plan.trimmed:
            chapters = cut_chapters(chapters, float(start), float(end))
        await self._record(run, video_id, work, rows, chapters)

    async def _cut_out(self, run: JobRun, video_id: UUID, work: WorkRow, film_id: UUID, plan: Plan) -> None:
        """Takes over what text the film of a clip has by now, whoever gave it, as far as the clip goes."""
        async with self._database.connection() as db:
            film = await encoding.find_work(db, film_id)
        if film is None or film.plan is None or film.source_key != work.source_key:
            return
        start = (plan.grid.skipped_frames - read_plan(film.plan).grid.skipped_frames) / plan.grid.rate.fraction
        texts = await self._cutter.cut(film_id, video_id, start, start + plan.grid.duration)
        await self._record(run, video_id, work, texts.rows, texts.chapters)

    async def _read(self, source: str, plan: Plan, found: FilmText) -> list[bytes | None]:
        if not found.streams:
            return []
        limits = ProcessLimits(wall_seconds=_WALL_SECONDS, niceness=self._settings.ffmpeg_nice)
        options = EncoderOptions(self._binaries, limits, self._settings.max_source_pixels)
        return await extract_text(source, plan, found.streams, options=options)

    async def _record(
        self, run: JobRun, video_id: UUID, work: WorkRow, rows: list[NewRow], chapters: list[Chapter]
    ) -> None:
        if not rows and not chapters:
            return
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await repository.lock_video(db, video_id):
                raise VideoGoneError  # what was stored just now is cleared away
            now = await encoding.find_work(db, video_id)
            if now is None or now.edition != work.edition:
                raise PlanChangedError
            room = MOST_TRACKS - await repository.count_tracks(db, video_id)
            for row in rows[:room]:
                await repository.insert_track(db, video_id, row)
            if chapters:
                await repository.add_chapters(db, video_id, chapters)
            await announce(db, str(video_id))
        log.info("text_extracted", video_id=str(video_id), tracks=len(rows), chapters=len(chapters))


def _usable(video_id: UUID, stream: TextStream, file: bytes | None) -> list[Cue]:
    """The cues of a stream that can be shown."""
    try:
        return salvage_vtt(file or b"")
    except BadCaptions as bad:
        log.info("stream_without_text", video_id=str(video_id), stream=stream.index, why=str(bad))
        return []


def _row(video_id: UUID, edition: int, stream: TextStream, cues: int) -> NewRow:
    of_file = "" if edition == 1 else f" of file {edition}"
    return NewRow(
        id=uuid5(video_id, f"stream {stream.index}{of_file}"),  # the same again, where the job runs twice
        kind="captions" if stream.for_the_deaf else "subtitles",
        language=stream.language,
        name=stream.name[:100],
        is_default=False,  # most programs mark the first stream so, whether or not anybody wants to read along
        is_forced=stream.forced and not stream.for_the_deaf,
        source_stream=stream.index,
        format=cast("Format", stream.format),
        encoding="utf-8",
        cues=cues,
    )


def _chapters(marks: tuple[ChapterMark, ...]) -> list[Chapter]:
    return [
        Chapter(round(mark.start, 3), mark.title[:LONGEST_TITLE] or f"Chapter {number}")
        for number, mark in enumerate(marks[:MOST_CHAPTERS], 1)
    ]
