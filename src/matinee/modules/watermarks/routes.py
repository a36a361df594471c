"""HTTP in and out of watermarks."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.common.storage.port import StorageUnavailable
from matinee.media.ffmpeg import MIB
from matinee.modules.pictures.errors import BadImage, NoPicture, PictureFailed, TooManyPictures
from matinee.modules.replacements.errors import ReplacementAwaited
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId
from matinee.modules.watermarks.errors import NoWatermark
from matinee.modules.watermarks.schemas import Placement, PlacementChange, Watermark
from matinee.modules.watermarks.service import WatermarkService

TAG = "pictures"
PATH = "/api/v1/videos/{video_id}/watermark"

LARGEST_IMAGE = 4 * MIB  # a logo has some kilobytes
CHOICES = RateLimit("watermark", 60, 3600, by="user")  # each has every picture of a video encoded anew


class WatermarkRoutes:
    """Operations on watermarks, for who may change the video."""

    def __init__(self, watermarks: WatermarkService) -> None:
        self._watermarks = watermarks

    @operation("GET", PATH, tag=TAG, scope="videos:read", errors=(VideoNotFound, NoWatermark))
    async def get_watermark(self, call: Call, db: Connection, video_id: VideoId) -> Watermark:
        """The watermark of a video, and whether what plays has it."""
        return await self._watermarks.get(db, call.user, video_id)

    @operation(
        "PUT",
        PATH,
        tag=TAG,
        scope="videos:write",
        errors=(
            VideoNotFound,
            VideoNotPlayable,
            ReplacementAwaited,
            NoPicture,
            BadImage,
            PictureFailed,
            TooManyPictures,
            StorageUnavailable,
        ),
        limit=CHOICES,
        consumes=("image/png",),
        largest_body=LARGEST_IMAGE,
    )
    async def give_watermark(self, call: Call, video_id: VideoId, query: Placement, body: bytes) -> Watermark:
        """Give a video a watermark, before its upload is complete or when it can be played.

        The body is a PNG of 4 MiB and 16 megapixels at most, whose clear parts stay clear; it is scaled to 1024
        pixels and encoded anew. Every quality then carries it, and so do downloads, posters, storyboards and clips
        made later; the uploaded file does not. What can be played already plays as it is until it can be played with
        the watermark.
        """
        return await self._watermarks.give(call.begin, call.user, video_id, query, body)

    @operation(
        "PATCH",
        PATH,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, VideoNotPlayable, ReplacementAwaited, NoPicture, NoWatermark),
        limit=CHOICES,
    )
    async def place_watermark(
        self, call: Call, db: Connection, video_id: VideoId, body: PlacementChange
    ) -> Watermark:
        """Change where a watermark lies, how large and how strong it is.

        Fields left out stay as they are, and so does the image.
        """
        return await self._watermarks.place(db, call.user, video_id, body)

    @operation(
        "DELETE",
        PATH,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, VideoNotPlayable, ReplacementAwaited, NoWatermark),
        limit=CHOICES,
    )
    async def remove_watermark(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Have a video without a watermark, also where the server has one for all.

        It plays as it is until it can be played without. A picture that was copied before stays encoded.
        """
        await self._watermarks.remove(db, call.user, video_id)
