"""The owner's poster: a frame of the video, or an image of their own.

No transaction is open while it is made. Its object is stored first, under a name that was never used before, so a
crash leaves at most an object that nobody sees, which goes with its video.
"""

import secrets
from fractions import Fraction
from uuid import UUID

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.encode import EncoderOptions
from matinee.media.picture_argv import POSTER_SIDE
from matinee.media.pictures import BadImage as BadPicture
from matinee.media.pictures import Poster, make_frame_poster, make_uploaded_poster
from matinee.modules.integrity.stored import store
from matinee.modules.pictures import repository
from matinee.modules.pictures.errors import BadImage, NoPicture, PictureNotReady
from matinee.modules.pictures.jobs import forget_job
from matinee.modules.pictures.objects import read_whole
from matinee.modules.pictures.plans import Plans
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.playback.cells import Cells
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService


class PosterService:
    """Chooses posters."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        cells: Cells,
        plans: Plans,
        workshop: Workshop,
        options: EncoderOptions,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._cells = cells
        self._plans = plans
        self._workshop = workshop
        self._options = options

    async def choose_frame(self, begin: Begin, caller: Caller, video_id: UUID, time: float) -> Video:
        """Makes the frame at a time the poster. A part that is not encoded yet is encoded first, or CellNotReady."""
        async with self._database.connection() as db:
            row = await self._videos.owned(db, caller, video_id)
            plan = await self._plans.find(db, video_id)
        if plan is None or row.status != "READY":
            raise VideoNotPlayable
        if not plan.video:
            raise NoPicture
        grid, moment = plan.grid, Fraction(time)
        index = grid.cell_at(moment)
        frame = min(int((moment - grid.cell_start(index)) * grid.rate.fraction), grid.cell_frames(index) - 1)
        large_enough = (rung for rung in plan.video if max(rung.width, rung.height) >= POSTER_SIDE)
        rung = next(large_enough, plan.video[-1])
        viewer = Viewer(caller)
        cell = await self._cells.cell(viewer, video_id, plan.recipe, rung.name, index)
        init = await self._cells.init(viewer, video_id, plan.recipe, rung.name)
        async with self._workshop.place():
            try:
                sources = [await read_whole(self._storage, stored.key) for stored in (init, cell)]
            except NoSuchObjectError:
                raise PictureNotReady from None
            poster = await make_frame_poster(sources[0], sources[1], frame, rung, options=self._options)
        return await self._keep(begin, caller, video_id, poster)

    async def choose_image(self, begin: Begin, caller: Caller, video_id: UUID, image: bytes) -> Video:
        """Makes an uploaded image the poster. Raises BadImage."""
        async with self._database.connection() as db:
            await self._videos.owned(db, caller, video_id)
        async with self._workshop.place():
            try:
                poster = await make_uploaded_poster(image, options=self._options)
            except BadPicture as error:
                raise BadImage(str(error)) from error
        return await self._keep(begin, caller, video_id, poster)

    async def choose_automatic(self, db: Connection, caller: Caller, video_id: UUID) -> None:
        """Goes back to the automatic poster; nothing where it is shown already."""
        await self._videos.owned(db, caller, video_id)
        await self._record(db, video_id, None, None)

    async def _keep(self, begin: Begin, caller: Caller, video_id: UUID, poster: Poster) -> Video:
        version = secrets.token_hex(8)
        await store(
            self._storage, self._database, keys.chosen_poster_key(video_id, version), poster.jpeg, "image/jpeg"
        )
        db = await begin()
        try:
            await self._record(db, video_id, version, poster.placeholder)
        except VideoNotFound:  # deleted meanwhile, and its objects perhaps before this one was there
            await self._storage.delete_prefix(keys.video_prefix(video_id), keep=keys.source_prefix(video_id))
            raise
        return await self._videos.get(db, Viewer(caller), video_id)

    async def _record(self, db: Connection, video_id: UUID, version: str | None, placeholder: str | None) -> None:
        former = await repository.choose_poster(db, video_id, version, placeholder)
        if former is None:
            raise VideoNotFound
        if former.version is not None:
            await self._queue.enqueue(db, forget_job(video_id, former.version))
        await announce(db, str(video_id))
