"""The job that puts a video which can be played in the place of the one that it replaces."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import structlog

from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.alternatives import offered
from matinee.media.cells import Cell
from matinee.media.model import Plan
from matinee.modules.downloads.jobs import prepare_job
from matinee.modules.downloads.rules import ORIGINAL
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.cell_repository import NewCell
from matinee.modules.encoding.errors import ENCODING_CRASHED, PlanChangedError, VideoGoneError
from matinee.modules.encoding.film_cells import FilmCells
from matinee.modules.encoding.jobs import (
    alternatives_jobs,
    audio_job,
    chunk_job,
    copy_jobs,
    needs_of,
    other_sound_jobs,
    poster_job,
)
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.service import read_plan
from matinee.modules.integrity.stored import md5_of, store
from matinee.modules.pictures.jobs import picture_jobs
from matinee.modules.pictures.objects import read_whole
from matinee.modules.replacements import repository
from matinee.modules.replacements.jobs import REPLACE
from matinee.modules.replacements.rules import frames_left, lasting, shown_again, successor
from matinee.modules.tracks import repository as tracks
from matinee.modules.tracks.cutting import CutTexts, TextCutter, replace_texts
from matinee.modules.tracks.jobs import extract_job, remove_job
from matinee.modules.videos.service import removal_job

log = structlog.get_logger()


class ReplacementRunner:
    """The job's work."""

    def __init__(
        self, database: Database, storage: Storage, queue: JobQueue, attend: Attend, *, big_pixels: int = 0
    ) -> None:
        """`big_pixels`: see `needs_of`."""
        self._big_pixels = big_pixels
        self._database = database
        self._storage = storage
        self._queue = queue
        self._attend = attend
        self._film = FilmCells(database, storage)
        self._cutter = TextCutter(database, storage)

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(REPLACE, self.take_over, on_dead=self._gave_up)

    async def take_over(self, run: JobRun, video_id: str) -> None:
        """Copies what exists of it, then changes the plan by one transaction. Repeatable."""
        await self._attend(run, UUID(video_id), self._take_over)

    async def _gave_up(self, db: Connection, video_id: str) -> None:
        if await repository.fail(db, UUID(video_id), ENCODING_CRASHED):
            await announce(db, video_id)

    async def _take_over(self, run: JobRun, video_id: UUID) -> None:
        async with self._database.connection() as db:
            work = await encoding.find_work(db, video_id)
            film = await encoding.find_work(db, work.replaces) if work and work.replaces else None
        if work is None or work.plan is None or work.replaces is None or film is None or film.status != "READY":
            raise VideoGoneError
        if film.plan is None or work.status != "READY":
            raise VideoGoneError
        async with self._database.connection() as db:
            if await repository.is_unverified(db, video_id):  # the job that reads the file comes back here
                return
        shown, made = read_plan(film.plan), read_plan(work.plan)
        same_file = work.source_key == film.source_key
        is_derived = work.cut_from == work.replaces
        plan = successor(shown, made, work.edition, derived=is_derived, same_file=same_file)
        async with self._database.connection() as db:
            codecs = await encoding.find_codecs(db, work.replaces)
        plan = offered(plan, codecs or ())
        cells = await self._copy(video_id, work, made, plan)
        texts = await self._cut_texts(work, shown, made, derived=is_derived) if same_file else None
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await repository.take_over(
                db,
                work.replaces,
                video_id,
                plan,
                revision=work.plan_revision,
                film_revision=film.plan_revision,
            ):
                raise PlanChangedError
            await encoding.add_renditions(db, work.replaces, plan, plan.renditions)
            complete = [
                name
                for name, group in _by_rendition(cells).items()
                if await repository.record_copied(db, work.replaces, name, group)
            ]
            has_pictures = bool(plan.video) and (plan.opens_copied or plan.video[0].name in complete)
            gone = await self._replace_texts(db, work.replaces, texts, derived=is_derived, same_file=same_file)
            await self._continue(db, video_id, work, plan, gone, derived=is_derived, pictures=has_pictures)
        log.info("edition_taken_over", video_id=str(work.replaces), edition=work.edition, derived=is_derived)

    async def _copy(self, video_id: UUID, work: WorkRow, made: Plan, plan: Plan) -> list[NewCell]:
        """The cells that are there by now, copied to where the video's own will be.

        Of what was made from the video's own plan also those that it shares with the video, as a clip does.
        """
        assert work.replaces is not None
        shelf = _Shelf(self._storage, self._database, work.replaces, plan)
        if work.cut_from is not None:
            wanted = {rung.name: range(made.grid.cells) for rung in made.pictures}
            await self._film.copy(work, made, wanted, shelf)
            for sound in made.sounds:
                if lasting(made, plan, [sound.name]):
                    await self._film.copy_sound(work, made, sound, 0, shelf)
        async with self._database.connection() as db:
            rows = {row.name: row for row in await repository.list_made(db, video_id)}
        for name in lasting(made, plan, list(rows)):
            row = rows[name]
            init = await read_whole(self._storage, keys.init_key(video_id, made.recipe, name))
            for index in row.cells:
                if not shelf.has(name, index):
                    data = await read_whole(self._storage, keys.cell_key(video_id, made.recipe, name, index))
                    prefix = row.keyframe_bytes[index] if index < len(row.keyframe_bytes) else None
                    await shelf.put(name, index, init, data, prefix or 0)
        if made.copied is not None:
            data = await read_whole(self._storage, keys.copy_index_key(video_id, made.recipe, made.copied.name))
            key = keys.copy_index_key(work.replaces, plan.recipe, made.copied.name)
            await store(self._storage, self._database, key, data, "application/octet-stream")
        return shelf.cells

    async def _cut_texts(self, work: WorkRow, shown: Plan, made: Plan, *, derived: bool) -> CutTexts | None:
        """The video's texts as they go with what is shown now; None where they go with it as they are."""
        film_id = work.replaces
        assert film_id is not None
        start = -shown_again(shown)
        if derived:
            start = frames_left(shown, made).start / made.grid.rate.fraction
        if start == 0 and made.grid.frames == shown.grid.frames:
            return None
        end = start + made.grid.duration
        return await self._cutter.cut(
            film_id, film_id, start, end, edition=work.edition, shown=None if derived else shown.grid.duration
        )

    async def _replace_texts(
        self, db: Connection, film_id: UUID, texts: CutTexts | None, *, derived: bool, same_file: bool
    ) -> list[UUID]:
        """Returns the ids of objects that are gone. The tracks that came with a file go where it is read anew."""
        gone = [] if same_file else await tracks.forget_wholes(db, film_id)
        if texts is not None:
            replaced = await replace_texts(db, film_id, texts)
            if replaced is None:
                raise PlanChangedError
            gone += replaced
        if not derived:
            gone += await repository.forget_tracks(db, film_id)
        return gone

    async def _continue(
        self,
        db: Connection,
        video_id: UUID,
        work: WorkRow,
        plan: Plan,
        gone: list[UUID],
        *,
        derived: bool,
        pictures: bool,
    ) -> None:
        """Has everything made that follows READY, of the video and by the new plan; `gone` are its former tracks."""
        film_id = work.replaces
        assert film_id is not None
        needs = needs_of(plan, self._big_pixels)
        jobs = [chunk_job(film_id, chunk, needs=needs) for chunk in range(plan.chunks)] if plan.video else []
        jobs += [audio_job(film_id, plan.audio.name, first=True)] if plan.audio else []
        jobs += [
            *copy_jobs(film_id, plan),
            *other_sound_jobs(film_id, plan),
            *alternatives_jobs(film_id, plan, needs),
        ]
        jobs += [poster_job(film_id)] if plan.video else []
        jobs += picture_jobs(film_id) if plan.video and pictures else []
        jobs += [] if derived else [extract_job(film_id)]
        jobs += [remove_job(film_id, track_id) for track_id in gone]
        # what was left out of a video is not to be had from its file
        names = [*([] if plan.trimmed else [ORIGINAL]), *(rendition.name for rendition in plan.renditions)]
        offered = await repository.prepare_downloads_again(db, film_id, names)
        jobs += [prepare_job(film_id, name) for name in offered if name != ORIGINAL]
        await self._queue.enqueue_all(db, [*jobs, removal_job(video_id)])
        await announce(db, str(film_id))
        await announce(db, str(video_id))


class _Shelf:
    """Takes cells to where those of a video will be."""

    def __init__(self, storage: Storage, database: Database, film_id: UUID, plan: Plan) -> None:
        self._storage = storage
        self._database = database
        self._film_id = film_id
        self._plan = plan
        self._inits: dict[str, bytes] = {}
        self._places: set[tuple[str, int]] = set()
        self.cells: list[NewCell] = []

    def has(self, name: str, index: int) -> bool:
        """Whether the cell is here."""
        return (name, index) in self._places

    async def publish(self, cell: Cell) -> None:
        """Takes a cell."""
        await self.put(cell.rendition, cell.index, cell.init, cell.data, cell.keyframe_bytes)

    async def put(self, name: str, index: int, init: bytes, data: bytes, keyframe_bytes: int) -> None:
        """Takes a cell; one whose init segment is another than that of the cells before it is left to the encoder."""
        kind = keys.CONTENT_TYPES["video" if keyframe_bytes else "audio"]
        if name not in self._inits:
            await store(
                self._storage, self._database, keys.init_key(self._film_id, self._plan.recipe, name), init, kind
            )
            self._inits[name] = init
        if self._inits[name] != init:
            return
        await self._storage.put(keys.cell_key(self._film_id, self._plan.recipe, name, index), data, kind)
        self._places.add((name, index))
        digest, md5 = sha256(init).digest(), await asyncio.to_thread(md5_of, data)
        self.cells.append(NewCell(name, self._plan.recipe, index, len(data), md5, digest, keyframe_bytes, 0))


def _by_rendition(cells: Sequence[NewCell]) -> dict[str, list[NewCell]]:
    groups: dict[str, list[NewCell]] = {}
    for cell in cells:
        groups.setdefault(cell.rendition, []).append(cell)
    return groups
