"""HTTP in and out of playback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from msgspec import Meta
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from matinee.common.errors import RangeNotSatisfiable
from matinee.common.http.answers import ELSEWHERE, IF_NONE_MATCH, IF_RANGE, NOT_MODIFIED, PARTIAL_CONTENT, RANGE
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.common.text import END
from matinee.media import dash, hls, keys
from matinee.modules.encryption.errors import NotInDash
from matinee.modules.playback.cells import Cells
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.encrypted import EncryptedCells
from matinee.modules.playback.errors import CellNotReady, NoSuchCell, ViewerLeftError
from matinee.modules.playback.objects import StoredObject
from matinee.modules.playback.playlists import Playlists
from matinee.modules.playback.responses import (
    object_response,
    permission_response,
    playlist_response,
    unchanged_response,
)
from matinee.modules.videos.errors import UNSEEN, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

TAG = "playback"
BASE = "/playback/{video_id}"
RENDITION = f"{BASE}/{{recipe}}/{{rendition}}"
CELL = f"{RENDITION}/{{index}}.m4s"

_SEGMENT = rf"^[A-Za-z0-9][A-Za-z0-9._-]*{END}"
Recipe = Annotated[str, Meta(pattern=_SEGMENT, max_length=64, description="The recipe, as playlists name it.")]
Rendition = Annotated[str, Meta(pattern=_SEGMENT, max_length=64, description="The rendition, as playlists name it.")]
Index = Annotated[int, Meta(ge=0, lt=2**31 - 1, description="The cell's place in the grid, from 0.")]

_PLAYLIST_ERRORS = (*UNSEEN, VideoNotPlayable, NoSuchCell)
_RENDITION_ERRORS = _PLAYLIST_ERRORS
_OBJECT_ERRORS = (*_RENDITION_ERRORS, CellNotReady, RangeNotSatisfiable, StorageUnavailable)
_PLAYLIST_HEADERS = (IF_NONE_MATCH,)
_PLAYLIST_ANSWERS = (NOT_MODIFIED,)
_OBJECT_HEADERS = (RANGE, IF_RANGE, IF_NONE_MATCH)
_OBJECT_ANSWERS = (PARTIAL_CONTENT, ELSEWHERE, NOT_MODIFIED)


class PlaybackRoutes:
    """What players ask for. Who may see a video is asked for each of it: see `modules/videos/access.py`."""

    def __init__(self, playlists: Playlists, cells: Cells, delivery: Delivery, encrypted: EncryptedCells) -> None:
        self._playlists = playlists
        self._cells = cells
        self._delivery = delivery
        self._encrypted = encrypted

    @operation(
        "GET",
        CELL,
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_OBJECT_ERRORS,
        produces=tuple(keys.CONTENT_TYPES.values()),
        accepts=_OBJECT_HEADERS,
        also=_OBJECT_ANSWERS,
    )
    async def get_segment(
        self, call: Call, video_id: VideoId, recipe: Recipe, rendition: Rendition, index: Index
    ) -> Response:
        """One segment of about four seconds.

        A segment that is not encoded yet is encoded next, and the answer waits for it some seconds.
        """
        with _while_connected():
            cell = await self._cells.cell(call.viewer, video_id, recipe, rendition, index, lambda: _gone(call))
        return await self._deliver(call, cell)

    @operation(
        "GET",
        f"{BASE}/master.m3u8",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_PLAYLIST_ERRORS,
        produces=hls.CONTENT_TYPE,
        accepts=_PLAYLIST_HEADERS,
        also=_PLAYLIST_ANSWERS,
    )
    async def get_hls_master(self, call: Call, video_id: VideoId) -> Response:
        """The HLS master playlist.

        Complete from the moment the video is READY; what is not encoded yet is encoded when it is asked for.
        """
        playlist = await self._playlists.master(call.viewer, video_id)
        return playlist_response(playlist, hls.CONTENT_TYPE, _headers(call))

    @operation(
        "GET",
        f"{BASE}/manifest.mpd",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*_PLAYLIST_ERRORS, NotInDash),
        produces=dash.CONTENT_TYPE,
        accepts=_PLAYLIST_HEADERS,
        also=_PLAYLIST_ANSWERS,
    )
    async def get_dash_manifest(self, call: Call, video_id: VideoId) -> Response:
        """The DASH manifest, over the same segments as the HLS playlists."""
        playlist = await self._playlists.manifest(call.viewer, video_id)
        return playlist_response(playlist, dash.CONTENT_TYPE, _headers(call))

    @operation(
        "GET",
        f"{RENDITION}/playlist.m3u8",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_RENDITION_ERRORS,
        produces=hls.CONTENT_TYPE,
        accepts=_PLAYLIST_HEADERS,
        also=_PLAYLIST_ANSWERS,
    )
    async def get_hls_playlist(self, call: Call, video_id: VideoId, recipe: Recipe, rendition: Rendition) -> Response:
        """The HLS playlist of one rendition, with all of its segments."""
        playlist = await self._playlists.media(call.viewer, video_id, recipe, rendition)
        return playlist_response(playlist, hls.CONTENT_TYPE, _headers(call))

    @operation(
        "GET",
        f"{RENDITION}/iframes.m3u8",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_RENDITION_ERRORS,
        produces=hls.CONTENT_TYPE,
        accepts=_PLAYLIST_HEADERS,
        also=_PLAYLIST_ANSWERS,
    )
    async def get_hls_keyframes(
        self, call: Call, video_id: VideoId, recipe: Recipe, rendition: Rendition
    ) -> Response:
        """The HLS playlist of one rendition's keyframes, for scrubbing.

        It grows while the video is encoded.
        """
        playlist = await self._playlists.keyframes(call.viewer, video_id, recipe, rendition)
        return playlist_response(playlist, hls.CONTENT_TYPE, _headers(call))

    @operation(
        "GET",
        f"{RENDITION}/init.mp4",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_OBJECT_ERRORS,
        produces=tuple(keys.CONTENT_TYPES.values()),
        accepts=_OBJECT_HEADERS,
        also=_OBJECT_ANSWERS,
    )
    async def get_init_segment(self, call: Call, video_id: VideoId, recipe: Recipe, rendition: Rendition) -> Response:
        """What a player reads before any segment of the rendition."""
        with _while_connected():
            init = await self._cells.init(call.viewer, video_id, recipe, rendition, lambda: _gone(call))
        return await self._deliver(call, init)

    @operation(
        "GET",
        f"{BASE}/allowed",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_PLAYLIST_ERRORS,
        tells=("X-Media-Mark",),
    )
    async def get_permission(self, call: Call, video_id: VideoId) -> Annotated[Response, None]:
        """Whether the caller may play the video.

        Caches in front of the API ask before they hand out what they hold. Who may play a part of it alone is refused
        here, and asks for each segment himself.
        """
        return permission_response(await self._playlists.permission(call.viewer, video_id))

    async def _deliver(self, call: Call, stored: StoredObject) -> Response:
        headers = _headers(call)
        unchanged = unchanged_response(stored, headers)
        if unchanged is not None:
            return unchanged
        if stored.cipher is not None:
            source = await self._encrypted.open(stored, stored.cipher)
        else:
            source = await self._delivery.open(stored.key, head=call.scope["method"] == "HEAD")
        return object_response(stored, source, headers)


@contextmanager
def _while_connected() -> Iterator[None]:
    try:
        yield
    except ViewerLeftError:
        raise ClientDisconnect from None


async def _gone(call: Call) -> None:
    """Returns when the client has closed the connection."""
    while (await call.receive())["type"] != "http.disconnect":
        pass


def _headers(call: Call) -> dict[bytes, bytes]:
    return dict(call.scope["headers"])
