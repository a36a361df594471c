"""The jobs of pictures: storyboard and preview, and posters no longer chosen.

Each takes ids, leaves when there is nothing to do, and may run twice or be killed at any moment: objects are stored
before they are recorded, under the fence of the run, and made again they have the same bytes.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import GiveUpError, JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.boxes import BadFragment
from matinee.media.encode import EncoderOptions
from matinee.media.faults import MediaFault
from matinee.media.ffmpeg import MIB, ProcessLimits
from matinee.media.model import Plan
from matinee.media.pictures import make_preview, make_sheet, make_tiles
from matinee.media.storyboard import Storyboard, make_storyboard
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.copying import Copier
from matinee.modules.encoding.errors import VideoGoneError
from matinee.modules.encoding.service import read_plan
from matinee.modules.integrity.stored import store
from matinee.modules.pictures import repository
from matinee.modules.pictures.footage import CopyFootage, Footage, RungFootage
from matinee.modules.pictures.jobs import FORGET, PREVIEW, STORYBOARD
from matinee.modules.pictures.repository import WorkRow

_GREY = b"\x80"  # of luma and chroma alike


class PictureRunners:
    """The jobs' work."""

    def __init__(
        self, settings: Settings, database: Database, storage: Storage, queue: JobQueue, attend: Attend
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._options = EncoderOptions(
            binaries=find_binaries(*(str(p) if p else None for p in (settings.ffmpeg_path, settings.ffprobe_path))),
            limits=ProcessLimits(
                wall_seconds=120.0, cpu_seconds=120, address_space=2048 * MIB, niceness=settings.ffmpeg_nice
            ),
        )
        self._attend = attend
        self._copier = Copier(storage)

    def register(self) -> None:
        """Tells the queue how the jobs are run."""
        self._queue.register(STORYBOARD, self.storyboard)
        self._queue.register(PREVIEW, self.preview)
        self._queue.register(FORGET, self.forget_poster)

    async def storyboard(self, run: JobRun, video_id: str) -> None:
        """Makes the sheets of the storyboard."""
        await self._make(run, UUID(video_id), self._storyboard)

    async def preview(self, run: JobRun, video_id: str) -> None:
        """Makes the animated preview."""
        await self._make(run, UUID(video_id), self._preview)

    async def forget_poster(self, run: JobRun, video_id: str, version: str) -> None:
        """Removes a poster that was replaced. No later choice has its version."""
        del run
        await self._storage.delete_prefix(keys.chosen_poster_key(UUID(video_id), version))

    async def _make(
        self, run: JobRun, video_id: UUID, make: Callable[[JobRun, UUID, WorkRow, Plan], Awaitable[None]]
    ) -> None:
        """A video goes without a picture that cannot be made of its cells; it is none the worse for it."""

        async def work(run: JobRun, video_id: UUID) -> None:
            async with self._database.connection() as db:
                row = await repository.find_work(db, video_id)
            if row is None:
                raise VideoGoneError
            try:
                await make(run, video_id, row, read_plan(row.plan))
            except (MediaFault, BadFragment, NoSuchObjectError) as error:
                raise GiveUpError(f"{type(error).__name__}: {error}") from error

        await self._attend(run, video_id, work)

    async def _storyboard(self, run: JobRun, video_id: UUID, row: WorkRow, plan: Plan) -> None:
        if row.has_storyboard:
            return
        board, footage = make_storyboard(plan), self._footage(video_id, row, plan)
        for sheet in range(board.sheets):
            tiles = await self._tiles(board, sheet, plan, footage)
            made = await make_sheet(tiles, board, sheet, options=self._options)
            await store(
                self._storage,
                self._database,
                keys.sheet_key(video_id, board.version, sheet, row.edition),
                made,
                "image/jpeg",
            )
        text = msgspec.json.encode(board).decode()
        await self._record(
            run, video_id, lambda db: repository.save_storyboard(db, video_id, text, edition=row.edition)
        )

    async def _tiles(self, board: Storyboard, sheet: int, plan: Plan, footage: Footage) -> bytes:
        """The pixels of a sheet's tiles, a few keyframes in memory at a time.

        Where none of them can be decoded the tiles are grey; MediaFault where nothing of the sheet can.
        """
        cells = [board.tile_cell(tile, plan.grid) for tile in board.sheet_tiles(sheet)]
        pixels, faults = list[bytes](), list[MediaFault]()
        batches = [cells[start : start + footage.at_once] for start in range(0, len(cells), footage.at_once)]
        for batch in batches:
            frames = b"".join(await footage.keyframes(batch))
            try:
                made = await make_tiles(frames, board, len(batch), matrix=footage.matrix, options=self._options)
            except MediaFault as fault:
                faults.append(fault)
                made = _GREY * (board.tile_bytes * len(batch))
            pixels.append(made)
        if len(faults) == len(batches):
            raise faults[0]
        return b"".join(pixels)

    async def _preview(self, run: JobRun, video_id: UUID, row: WorkRow, plan: Plan) -> None:
        if row.has_preview:
            return
        footage = self._footage(video_id, row, plan)
        shown = await footage.beginnings()
        made = await make_preview(
            shown.init,
            shown.cells,
            footage.rendition,
            plan.grid.rate,
            shown.frames,
            matrix=footage.matrix,
            options=self._options,
        )
        await store(self._storage, self._database, keys.preview_key(video_id, row.edition), made, "image/webp")
        await self._record(run, video_id, lambda db: repository.save_preview(db, video_id, edition=row.edition))

    def _footage(self, video_id: UUID, row: WorkRow, plan: Plan) -> Footage:
        """The lowest rung where it is complete, else the source's own picture."""
        if row.keyframe_bytes is not None:
            by_cell = dict(enumerate(row.keyframe_bytes))
            return RungFootage(self._storage, video_id, plan, plan.video[0], by_cell)
        if plan.copied is None:
            raise VideoGoneError
        source = keys.source_key(row.source_id, row.source_revision)
        return CopyFootage(self._copier, video_id, plan, plan.copied, source)

    async def _record(self, run: JobRun, video_id: UUID, save: Callable[[Connection], Awaitable[bool]]) -> None:
        """Shows what is stored; of a video that was deleted meanwhile, nothing is left."""
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await save(db):
                raise VideoGoneError
            await announce(db, str(video_id))
