"""HTTP in and out of keys."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.media.encryption.signals import LICENCE
from matinee.modules import audit
from matinee.modules.encryption.errors import NoSuchKey
from matinee.modules.encryption.schemas import ExportedKeys, Licence, LicenceRequest
from matinee.modules.encryption.service import EncryptionService
from matinee.modules.playback.errors import NoSuchCell
from matinee.modules.playback.routes import BASE, Recipe, Rendition
from matinee.modules.videos.errors import UNSEEN, VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video, VideoId

TAG = "encryption"
KEYS = "/api/v1/videos/{video_id}/keys"
Period = Annotated[int, Meta(ge=0, lt=2**31 - 1, description="Counts the rendition's keys, from 0.")]


class EncryptionRoutes:
    """Operations on the keys of encrypted videos."""

    def __init__(self, encryption: EncryptionService) -> None:
        self._encryption = encryption

    @operation(
        "GET",
        f"{BASE}/keys/{{recipe}}/{{rendition}}/{{period}}",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchCell, NoSuchKey),
        produces="application/octet-stream",
    )
    async def get_segments_key(
        self, call: Call, video_id: VideoId, recipe: Recipe, rendition: Rendition, period: Period
    ) -> Response:
        """A key of segments that are encrypted whole (`aes-128`), as HLS playlists name it.

        For whoever may watch the video, at once and not to be kept.
        """
        key = await self._encryption.segments_key(call.viewer, video_id, recipe, rendition, period)
        return Response(key, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})

    @operation(
        "POST",
        f"{BASE}/{LICENCE}",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchKey),
    )
    async def get_licence(self, call: Call, video_id: VideoId, body: LicenceRequest) -> Licence:
        """Keys of samples (`cenc`, `cbcs`) for the ClearKey of browsers.

        For whoever may watch the video. Request and answer are those of the Encrypted Media Extensions.
        """
        return await self._encryption.licence(call.viewer, video_id, body)

    @operation("GET", KEYS, tag=TAG, access=Access.ADMIN, errors=(VideoNotFound,))
    async def export_keys(self, call: Call, video_id: VideoId) -> ExportedKeys:
        """The keys of a video's samples, for a licence server."""
        keys = await self._encryption.export(call.viewer, video_id)
        await audit.record(await call.begin(), "video.keys_exported", video_id)
        return keys

    @operation("POST", KEYS, tag=TAG, scope="videos:write", errors=(VideoNotFound,))
    async def renew_keys(self, call: Call, db: Connection, video_id: VideoId) -> Video:
        """Give a video new keys.

        The former ones open nothing that is delivered from now on. Whoever is watching loads the video anew.
        """
        return await self._encryption.renew(db, call.user, video_id)
