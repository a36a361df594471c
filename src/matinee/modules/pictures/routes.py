"""HTTP in and out of pictures."""

from typing import Annotated

from starlette.responses import Response

from matinee.common.database import Connection, Database
from matinee.common.errors import RangeNotSatisfiable, RateLimited
from matinee.common.http.answers import (
    ELSEWHERE,
    IF_NONE_MATCH,
    IF_RANGE,
    NOT_MODIFIED,
    PARTIAL_CONTENT,
    RANGE,
    Answer,
)
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit, count_hit
from matinee.common.storage.port import StorageUnavailable
from matinee.media.ffmpeg import MIB
from matinee.media.picture_argv import IMAGE_DEMUXERS
from matinee.media.thumbnails import CONTENT_TYPES
from matinee.modules.pictures.errors import (
    BadImage,
    NoPicture,
    NoPoster,
    NoPreview,
    NoStoryboard,
    NoSuchSheet,
    OtherVersionError,
    PictureFailed,
    PictureNotReady,
    TooManyPictures,
)
from matinee.modules.pictures.posters import PosterService
from matinee.modules.pictures.schemas import Extension, PosterChoice, Sheet, Storyboard, ThumbnailQuery, VersionQuery
from matinee.modules.pictures.service import PictureService
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.errors import CellNotReady
from matinee.modules.playback.objects import StoredObject
from matinee.modules.playback.responses import (
    object_response,
    playlist_response,
    present_response,
    unchanged_response,
)
from matinee.modules.videos.errors import UNSEEN, VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video, VideoId

TAG = "pictures"
POSTER = "/api/v1/videos/{video_id}/poster"
BASE = "/playback/{video_id}"

LARGEST_IMAGE = 16 * MIB  # what a good camera writes; larger ones are smaller as JPEG
CHOICES = RateLimit("poster", 60, 3600, by="user")
MAKING = RateLimit("thumbnail", 120, 60)
"""Thumbnails that are made for a client; those that exist are not counted."""

_OBJECT_ERRORS = (*UNSEEN, CellNotReady, RangeNotSatisfiable, StorageUnavailable)
_OBJECT_HEADERS = (RANGE, IF_RANGE, IF_NONE_MATCH)
_OBJECT_ANSWERS = (PARTIAL_CONTENT, ELSEWHERE, NOT_MODIFIED)
_VERSION_ANSWERS = (
    PARTIAL_CONTENT,
    Answer(
        302,
        "The storage or a CDN delivers it, at an address that works for a short time; or the address names another "
        "version than the present one, which is where this leads.",
        ("Location",),
    ),
    NOT_MODIFIED,
)
_DOCUMENT_ERRORS = (*UNSEEN, VideoNotPlayable, NoStoryboard)


class PictureRoutes:
    """Operations on pictures. They are for whoever may see the video."""

    def __init__(
        self, database: Database, pictures: PictureService, posters: PosterService, delivery: Delivery
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._posters = posters
        self._delivery = delivery

    @operation(
        "PUT",
        POSTER,
        tag=TAG,
        scope="videos:write",
        errors=(
            VideoNotFound,
            VideoNotPlayable,
            NoPicture,
            BadImage,
            CellNotReady,
            PictureNotReady,
            PictureFailed,
            TooManyPictures,
            StorageUnavailable,
        ),
        limit=CHOICES,
        consumes=(*IMAGE_DEMUXERS, "application/json"),
        largest_body=LARGEST_IMAGE,
    )
    async def choose_poster(self, call: Call, video_id: VideoId, body: PosterChoice | bytes) -> Video:
        """Choose the poster: a frame of the video, or an image.

        JSON names the time of a frame. Anything else is the image itself: JPEG, PNG or WebP of 16 MiB and 50
        megapixels at most. It is scaled to 1280 pixels and encoded anew; nothing else in the file is kept.
        """
        if isinstance(body, bytes):
            return await self._posters.choose_image(call.begin, call.user, video_id, body)
        return await self._posters.choose_frame(call.begin, call.user, video_id, body.time)

    @operation("DELETE", POSTER, tag=TAG, scope="videos:write", errors=(VideoNotFound,))
    async def reset_poster(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Go back to the automatic poster."""
        await self._posters.choose_automatic(db, call.user, video_id)

    @operation(
        "GET",
        f"{BASE}/poster.jpg",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*_OBJECT_ERRORS, NoPoster),
        produces="image/jpeg",
        accepts=_OBJECT_HEADERS,
        also=_VERSION_ANSWERS,
    )
    async def get_poster(self, call: Call, video_id: VideoId, query: VersionQuery) -> Response:
        """A still picture of the video.

        With its version in the address it may be kept for ever; another version leads to the present one.
        """
        try:
            async with call.reading() as db:
                stored = await self._pictures.poster(db, call.viewer, video_id, query.version)
        except OtherVersionError:
            return present_response(f"{call.viewer.prefix}/playback/{video_id}/poster.jpg")
        return await self._deliver(call, stored)

    @operation(
        "GET",
        f"{BASE}/thumbnail.{{extension}}",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(
            *_OBJECT_ERRORS,
            VideoNotPlayable,
            NoPicture,
            PictureNotReady,
            PictureFailed,
            TooManyPictures,
            RateLimited,
        ),
        produces=tuple(CONTENT_TYPES.values()),
        accepts=_OBJECT_HEADERS,
        also=_OBJECT_ANSWERS,
    )
    async def get_thumbnail(
        self, call: Call, video_id: VideoId, extension: Extension, query: ThumbnailQuery
    ) -> Response:
        """A picture of any moment, at any size.

        The time and the size given are the nearest of a bounded number. A picture is made when it is first asked
        for, and kept.
        """
        async with call.reading() as db:
            wanted = await self._pictures.thumbnail(db, call.viewer, video_id, extension, query)

        async def admit() -> None:
            if call.runtime.settings.rate_limits:
                await count_hit(self._database, MAKING, call.subscriber)

        unchanged = unchanged_response(wanted.stored, _headers(call))
        if unchanged is not None:
            return unchanged
        if self._delivery.find(wanted.stored.key) is None:
            await self._pictures.ensure(wanted, admit)
        return await self._deliver(call, wanted.stored)

    @operation(
        "GET",
        f"{BASE}/storyboard.json",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_DOCUMENT_ERRORS,
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_storyboard(self, call: Call, video_id: VideoId) -> Annotated[Response, Storyboard]:
        """Where the pictures for the time line are, as JSON."""
        async with call.reading() as db:
            written = await self._pictures.storyboard(db, call.viewer, video_id)
        return playlist_response(written, "application/json", _headers(call))

    @operation(
        "GET",
        f"{BASE}/storyboard.vtt",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_DOCUMENT_ERRORS,
        produces="text/vtt",
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_storyboard_vtt(self, call: Call, video_id: VideoId) -> Response:
        """Where the pictures for the time line are, as WebVTT with `#xywh=` fragments."""
        async with call.reading() as db:
            written = await self._pictures.storyboard_vtt(db, call.viewer, video_id)
        return playlist_response(written, "text/vtt", _headers(call))

    @operation(
        "GET",
        f"{BASE}/storyboard/{{sheet}}.jpg",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*_OBJECT_ERRORS, VideoNotPlayable, NoStoryboard, NoSuchSheet),
        produces="image/jpeg",
        accepts=_OBJECT_HEADERS,
        also=_OBJECT_ANSWERS,
    )
    async def get_storyboard_sheet(
        self, call: Call, video_id: VideoId, sheet: Sheet, query: VersionQuery
    ) -> Response:
        """A sheet of the storyboard.

        With its version in the address it may be kept for ever; there is none of another version.
        """
        try:
            async with call.reading() as db:
                stored = await self._pictures.sheet(db, call.viewer, video_id, sheet, query.version)
        except OtherVersionError:  # the tiles of another film
            raise NoSuchSheet from None
        return await self._deliver(call, stored)

    @operation(
        "GET",
        f"{BASE}/preview.webp",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*_OBJECT_ERRORS, VideoNotPlayable, NoPreview),
        produces="image/webp",
        accepts=_OBJECT_HEADERS,
        also=_VERSION_ANSWERS,
    )
    async def get_preview(self, call: Call, video_id: VideoId, query: VersionQuery) -> Response:
        """A short silent animation of the video.

        With its version in the address it may be kept for ever; another version leads to the present one.
        """
        try:
            async with call.reading() as db:
                stored = await self._pictures.preview(db, call.viewer, video_id, query.version)
        except OtherVersionError:
            return present_response(f"{call.viewer.prefix}/playback/{video_id}/preview.webp")
        return await self._deliver(call, stored)

    async def _deliver(self, call: Call, stored: StoredObject) -> Response:
        headers = _headers(call)
        unchanged = unchanged_response(stored, headers)
        if unchanged is not None:
            return unchanged
        source = await self._delivery.open(stored.key, head=call.scope["method"] == "HEAD")
        return object_response(stored, source, headers)


def _headers(call: Call) -> dict[bytes, bytes]:
    return dict(call.scope["headers"])
