"""The images of watermarks: where they are kept, and the one that is chosen for a video before it is planned."""

import asyncio
from collections import OrderedDict
from uuid import UUID

import msgspec

from matinee.common.config import ConfigError, Settings
from matinee.common.database import Database
from matinee.common.storage.port import Storage
from matinee.common.validation import Fault
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.encode import EncoderOptions
from matinee.media.ffmpeg import MIB
from matinee.media.model import Plan, Watermark
from matinee.media.pictures import MARK_BYTES, SMALL_LIMITS, BadImage, Mark, make_mark
from matinee.modules.encoding import repository
from matinee.modules.encoding.repository import WorkRow

_REMEMBERED = 8  # images; 40 MiB at most, and mostly some kilobytes
assert _REMEMBERED * MARK_BYTES <= 40 * MIB
_decode = msgspec.json.Decoder(Watermark | None).decode


class DefaultMark(msgspec.Struct, frozen=True):
    """The watermark of videos whose owners chose nothing."""

    image: Mark
    watermark: Watermark


async def read_default_mark(settings: Settings) -> DefaultMark | None:
    """What the settings name; raises ConfigError where its image cannot be used."""
    if settings.watermark is None:
        return None
    programs = (str(path) if path else None for path in (settings.ffmpeg_path, settings.ffprobe_path))
    try:
        data = await asyncio.to_thread(settings.watermark.read_bytes)
        image = await make_mark(data, options=EncoderOptions(find_binaries(*programs), SMALL_LIMITS))
    except (OSError, BadImage) as error:
        raise ConfigError([Fault("MATINEE_WATERMARK", str(error))]) from error
    watermark = Watermark(
        version=image.version,
        width=image.width,
        height=image.height,
        position=settings.watermark_position,
        opacity=settings.watermark_opacity,
        scale=settings.watermark_width,
        margin=settings.watermark_margin,
    )
    return DefaultMark(image, watermark)


class Marks:
    """Images as they are needed; the last ones are kept in memory."""

    def __init__(self, database: Database, storage: Storage, default: DefaultMark | None = None) -> None:
        self._database = database
        self._storage = storage
        self._default = default
        self._images: OrderedDict[str, bytes] = OrderedDict()

    async def image_of(self, work: WorkRow, plan: Plan) -> bytes | None:
        """What the cells of a plan need; None where it has no watermark. Raises NoSuchObjectError."""
        if plan.watermark is None:
            return None
        return await self._read(keys.watermark_key(work.source_id, plan.watermark.version))

    async def chosen(self, work: WorkRow) -> Watermark | None:
        """What a video is to be planned with; its image is then kept with the video's file."""
        text = work.watermark
        if text is None:
            if self._default is None:
                return None
            await self._keep(work.source_id, self._default.image.version, self._default.image.png)
            return self._default.watermark
        mark: Watermark | None = _decode(text)
        if mark is not None:
            keeper = await self._keeper(work)
            if keeper != work.source_id:
                image = await self._read(keys.watermark_key(keeper, mark.version))
                await self._keep(work.source_id, mark.version, image)
        return mark

    async def _keeper(self, work: WorkRow) -> UUID:
        """The video whose file the image was put beside when it was chosen."""
        if work.replaces is None:
            return work.source_id
        async with self._database.connection() as db:
            film = await repository.find_work(db, work.replaces)
        return work.source_id if film is None else film.source_id

    async def _keep(self, keeper: UUID, version: str, image: bytes) -> None:
        await self._storage.put(keys.watermark_key(keeper, version), image, "image/png")

    async def _read(self, key: str) -> bytes:
        image = self._images.get(key)
        if image is None:
            image = b"".join([block async for block in self._storage.stream(key)])
            self._images[key] = image
            if len(self._images) > _REMEMBERED:
                self._images.popitem(last=False)
        self._images.move_to_end(key)
        return image
