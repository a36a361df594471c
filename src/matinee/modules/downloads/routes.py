"""HTTP in and out of downloads."""

from starlette.responses import Response

from matinee.common.database import Connection
from matinee.common.errors import RangeNotSatisfiable
from matinee.common.http.answers import ELSEWHERE, IF_NONE_MATCH, IF_RANGE, NOT_MODIFIED, PARTIAL_CONTENT, RANGE
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.downloads.errors import DownloadNotReady, NoSuchDownload, NotWhileEncrypted
from matinee.modules.downloads.schemas import Download, DownloadName, Downloads
from matinee.modules.downloads.service import DownloadService
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.errors import CellNotReady
from matinee.modules.playback.responses import object_response, unchanged_response
from matinee.modules.videos.errors import UNSEEN, VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

TAG = "downloads"
BASE = "/api/v1/videos/{video_id}/downloads"
ONE = f"{BASE}/{{name}}"


class DownloadRoutes:
    """Operations on downloads."""

    def __init__(self, downloads: DownloadService, delivery: Delivery) -> None:
        self._downloads = downloads
        self._delivery = delivery

    @operation("GET", BASE, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=UNSEEN)
    async def list_downloads(self, call: Call, db: Connection, video_id: VideoId) -> Downloads:
        """The files that a video is offered as."""
        return await self._downloads.offered(db, call.viewer, video_id)

    @operation(
        "PUT",
        ONE,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, VideoNotPlayable, NoSuchDownload, NotWhileEncrypted),
    )
    async def offer_download(self, call: Call, db: Connection, video_id: VideoId, name: DownloadName) -> Download:
        """Offer a file to whoever may watch the video.

        A rendition becomes an MP4 file with the sound, made of the segments; what of them does not exist is encoded
        first, and a rendition that is offered is kept whole. `original` is the uploaded file as it came.
        """
        return await self._downloads.offer(db, call.user, video_id, name)

    @operation("DELETE", ONE, tag=TAG, scope="videos:write", errors=(VideoNotFound, NoSuchDownload))
    async def withdraw_download(self, call: Call, db: Connection, video_id: VideoId, name: DownloadName) -> None:
        """Offer a file no longer."""
        await self._downloads.withdraw(db, call.user, video_id, name)

    @operation(
        "GET",
        "/playback/{video_id}/downloads/{name}",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(
            *UNSEEN,
            VideoNotPlayable,
            NoSuchDownload,
            DownloadNotReady,
            CellNotReady,
            RangeNotSatisfiable,
            StorageUnavailable,
        ),
        produces=("video/mp4", "audio/mp4", "application/octet-stream"),
        accepts=(RANGE, IF_RANGE, IF_NONE_MATCH),
        also=(PARTIAL_CONTENT, ELSEWHERE, NOT_MODIFIED),
    )
    async def get_download(self, call: Call, video_id: VideoId, name: DownloadName) -> Response:
        """A video as a file.

        Of constant size, by ranges if wanted, and named by its title. The owner can always fetch `original`.
        """
        file = await self._downloads.open(call.viewer, video_id, name)
        headers = dict(call.scope["headers"])
        unchanged = unchanged_response(file.stored, headers)
        if unchanged is not None:
            return unchanged
        head = call.scope["method"] == "HEAD"
        source = file.assembly or await self._delivery.open_large(file.stored.key, file.disposition, head=head)
        answer = object_response(file.stored, source, headers)
        answer.raw_headers.append((b"content-disposition", file.disposition.encode()))
        return answer
