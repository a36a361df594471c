"""Decisions about watermarks. The image is stored before it is chosen; no transaction is open meanwhile."""

from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.media import keys, model
from matinee.media.encode import EncoderOptions
from matinee.media.pictures import BadImage as BadPicture
from matinee.media.pictures import make_mark
from matinee.modules.integrity.stored import store
from matinee.modules.pictures.errors import BadImage, NoPicture
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.replacements.service import ReplacementService
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Failure
from matinee.modules.watermarks import repository
from matinee.modules.watermarks.errors import NoWatermark
from matinee.modules.watermarks.repository import WatermarkRow
from matinee.modules.watermarks.schemas import Placement, PlacementChange, Watermark

_decode = msgspec.json.Decoder(model.Watermark | None).decode


class WatermarkService:
    """Watermarks as owners choose them."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        replacements: ReplacementService,
        workshop: Workshop,
        options: EncoderOptions,
    ) -> None:
        self._database = database
        self._storage = storage
        self._replacements = replacements
        self._workshop = workshop
        self._options = options

    async def get(self, db: Connection, caller: Caller, video_id: UUID) -> Watermark:
        """The watermark of a video of the caller. Raises NoWatermark."""
        return _shown(_of_caller(caller, await repository.find(db, video_id)))

    async def give(
        self, begin: Begin, caller: Caller, video_id: UUID, placement: Placement, image: bytes
    ) -> Watermark:
        """Chooses an image and where it lies; a video that can be played is shown with it as soon as that can be.

        Raises BadImage, NoPicture, VideoNotPlayable and ReplacementAwaited.
        """
        async with self._database.connection() as db:
            row = _of_caller(caller, await repository.find(db, video_id))
        async with self._workshop.place():
            try:
                made = await make_mark(image, options=self._options)
            except BadPicture as error:
                raise BadImage(str(error)) from error
        await store(
            self._storage, self._database, keys.watermark_key(row.keeper, made.version), made.png, "image/png"
        )
        mark = model.Watermark(
            version=made.version,
            width=made.width,
            height=made.height,
            position=placement.position,
            opacity=placement.opacity,
            scale=placement.width,
            margin=placement.margin,
        )
        return await self._choose(await begin(), caller, video_id, mark, keeper=row.keeper)

    async def place(self, db: Connection, caller: Caller, video_id: UUID, change: PlacementChange) -> Watermark:
        """Changes where the watermark lies and how strong it is. Raises as `give` does, and NoWatermark."""
        row = _of_caller(caller, await repository.find(db, video_id))
        mark = _wanted(row)
        if mark is None:
            raise NoWatermark
        mark = model.Watermark(
            version=mark.version,
            width=mark.width,
            height=mark.height,
            position=mark.position if change.position is UNSET else change.position,
            opacity=mark.opacity if change.opacity is UNSET else change.opacity,
            scale=mark.scale if change.width is UNSET else change.width,
            margin=mark.margin if change.margin is UNSET else change.margin,
        )
        return await self._choose(db, caller, video_id, mark, keeper=row.keeper)

    async def remove(self, db: Connection, caller: Caller, video_id: UUID) -> None:
        """Chooses that there is none, also where the server has one. Raises NoWatermark."""
        if _wanted(_of_caller(caller, await repository.find(db, video_id))) is None:
            raise NoWatermark
        await self._record(db, caller, video_id, None)

    async def _choose(
        self, db: Connection, caller: Caller, video_id: UUID, mark: model.Watermark, *, keeper: UUID
    ) -> Watermark:
        row = await self._record(db, caller, video_id, mark)
        if row.keeper != keeper:  # a clip has got a file of its own meanwhile, and the image lies beside the other
            raise VideoNotPlayable
        return _shown(row)

    async def _record(
        self, db: Connection, caller: Caller, video_id: UUID, mark: model.Watermark | None
    ) -> WatermarkRow:
        if not await repository.choose(db, video_id, mark):
            _of_caller(caller, await repository.find(db, video_id))
            raise VideoNotPlayable
        row = _of_caller(caller, await repository.find(db, video_id))
        if mark is not None and not row.may_have_picture:
            raise NoPicture
        if row.status == "READY":
            await self._replacements.remark(db, caller, video_id)
        await announce(db, str(video_id))
        return _of_caller(caller, await repository.find(db, video_id))


def _of_caller(caller: Caller, row: WatermarkRow | None) -> WatermarkRow:
    if row is None or not may_change(caller, row.owner_id):
        raise VideoNotFound
    return row


def _wanted(row: WatermarkRow) -> model.Watermark | None:
    text = row.shown if row.chosen is None else row.chosen
    mark: model.Watermark | None = None if text is None else _decode(text)
    return mark


def _shown(row: WatermarkRow) -> Watermark:
    mark = _wanted(row)
    if mark is None:
        raise NoWatermark
    applied = row.shown is not None and _decode(row.shown) == mark
    failed = row.failure_code is not None and not applied
    return Watermark(
        position=mark.position,
        opacity=mark.opacity,
        width=mark.scale,
        margin=mark.margin,
        image_width=mark.width,
        image_height=mark.height,
        origin="server" if row.chosen is None else "owner",
        applied=applied,
        failure=Failure(row.failure_code or "", row.failure_detail or "") if failed else None,
    )
