"""The jobs of pictures: storyboard and preview out of the lowest rung's cells, and posters no longer chosen.

Each takes ids, leaves when there is nothing to do, and may run twice or be killed at any moment: objects are stored
before they are recorded, under the fence of the run, and made again they have the same bytes.
"""

import asyncio
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
from matinee.media.keyframes import keyframe_stream
from matinee.media.model import Plan
from matinee.media.picture_argv import preview_cells
from matinee.media.pictures import make_preview, make_sheet
from matinee.media.storyboard import make_storyboard
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.errors import VideoGoneError
from matinee.modules.encoding.service import read_plan
from matinee.modules.pictures import repository
from matinee.modules.pictures.jobs import FORGET, PREVIEW, STORYBOARD
from matinee.modules.pictures.objects import read_whole
from matinee.modules.pictures.repository import WorkRow

_READS_AT_ONCE = 8  # of keyframes; more would take connections from the encodes


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
        board = make_storyboard(plan)
        init = await read_whole(self._storage, keys.init_key(video_id, plan.recipe, plan.video[0].name))
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def keyframe(tile: int) -> bytes:
            cell = board.tile_cell(tile, plan.grid)
            key = keys.cell_key(video_id, plan.recipe, plan.video[0].name, cell)
            async with gate:
                return keyframe_stream(init, await self._storage.read(key, 0, row.keyframe_bytes[cell]))

        for sheet in range(board.sheets):
            frames = await asyncio.gather(*(keyframe(tile) for tile in board.sheet_tiles(sheet)))
            made = await make_sheet(b"".join(frames), board, sheet, options=self._options)
            await self._storage.put(keys.sheet_key(video_id, board.version, sheet, row.edition), made, "image/jpeg")
        text = msgspec.json.encode(board).decode()
        await self._record(
            run, video_id, lambda db: repository.save_storyboard(db, video_id, text, edition=row.edition)
        )

    async def _preview(self, run: JobRun, video_id: UUID, row: WorkRow, plan: Plan) -> None:
        if row.has_preview:
            return
        name = plan.video[0].name
        init, *cells = [
            await read_whole(self._storage, key)
            for key in (
                keys.init_key(video_id, plan.recipe, name),
                *(keys.cell_key(video_id, plan.recipe, name, index) for index in preview_cells(plan)),
            )
        ]
        made = await make_preview(init, cells, plan, options=self._options)
        await self._storage.put(keys.preview_key(video_id, row.edition), made, "image/webp")
        await self._record(run, video_id, lambda db: repository.save_preview(db, video_id, edition=row.edition))

    async def _record(self, run: JobRun, video_id: UUID, save: Callable[[Connection], Awaitable[bool]]) -> None:
        """Shows what is stored; of a video that was deleted meanwhile, nothing is left."""
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await save(db):
                raise VideoGoneError
            await announce(db, str(video_id))
