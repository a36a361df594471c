"""Decisions about keys: whoever may watch the video gets those that he asks for; an administrator gets all."""

from base64 import b64encode, urlsafe_b64encode
from uuid import UUID

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.notifications import announce
from matinee.media.encryption.model import ContentKey, SampleEncryption, Track
from matinee.modules import audit
from matinee.modules.encryption import repository
from matinee.modules.encryption.content_keys import SEPARATOR, ContentKeys, choice
from matinee.modules.encryption.errors import NoSuchKey
from matinee.modules.encryption.schemas import ExportedKey, ExportedKeys, Licence, LicenceKey, LicenceRequest
from matinee.modules.playback.part import cells_shown
from matinee.modules.playback.repository import PlaybackRepository, VideoFacts
from matinee.modules.playback.service import PlaybackService
from matinee.modules.videos.access import seen
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService

_TRACKS: tuple[Track, ...] = ("video", "audio")


class EncryptionService:
    """Keys of encrypted videos."""

    def __init__(
        self, videos: VideoService, playback: PlaybackService, facts: PlaybackRepository, content_keys: ContentKeys
    ) -> None:
        self._videos = videos
        self._playback = playback
        self._facts = facts
        self._content_keys = content_keys

    async def segments_key(self, viewer: Viewer, video_id: UUID, address: str, rendition: str, period: int) -> bytes:
        """A key of whole segments, by what their addresses name; raises NoSuchKey for those of other versions.

        Raises NoSuchCell where what the viewer may see begins behind the end.
        """
        facts = await self._playable(viewer, video_id)
        chosen = choice(video_id, facts)
        recipe = address.partition(SEPARATOR)[0]
        if chosen is None or chosen.scheme != "aes-128" or self._content_keys.address(recipe, chosen) != address:
            raise NoSuchKey
        if viewer.grant is not None and viewer.grant.is_partial:
            cells = cells_shown(viewer, await self._playback.plan(video_id, facts), rendition)
            if period not in {cell // self._content_keys.cells_per_key for cell in cells}:
                raise NoSuchKey
        return self._content_keys.of_segments(chosen, recipe, rendition, period)

    async def licence(self, viewer: Viewer, video_id: UUID, request: LicenceRequest) -> Licence:
        """The keys that a player asks for; raises NoSuchKey where the video has none of them."""
        samples = self._samples(video_id, await self._playable(viewer, video_id))
        known = {_url_text(key.kid): key for _, key in _keys(samples)}
        keys = [
            LicenceKey(kid=kid, k=_url_text(known[kid].key)) for kid in dict.fromkeys(request.kids) if kid in known
        ]
        if not keys:
            raise NoSuchKey
        return Licence(keys=keys, type=request.type)

    async def export(self, viewer: Viewer, video_id: UUID) -> ExportedKeys:
        """All keys of a video's samples."""
        facts = seen(viewer, video_id, await self._facts.find_video(video_id))
        await self._content_keys.learn(choice(video_id, facts))
        items = [
            ExportedKey(
                track=track,
                kid=UUID(bytes=key.kid),
                key=b64encode(key.key).decode(),
                iv=b64encode(key.iv).decode() if facts.encryption == "cbcs" else None,
            )
            for track, key in _keys(self._samples(video_id, facts))
        ]
        return ExportedKeys(encryption=facts.encryption, version=facts.key_version, items=items)

    async def renew(self, db: Connection, caller: Caller, video_id: UUID) -> Video:
        """New keys for a video: those of before open nothing that is delivered from now on."""
        video = await self._videos.owned(db, caller, video_id)
        if not await repository.renew_keys(db, video_id):
            raise VideoNotFound
        await audit.record(db, "video.keys_renewed", video_id, account=video.owner_id)
        await announce(db, str(video_id))
        return await self._videos.get(db, Viewer(caller), video_id)

    async def _playable(self, viewer: Viewer, video_id: UUID) -> VideoFacts:
        return await self._playback.playable(
            viewer, video_id, ("video", video_id), lambda: self._facts.find_video(video_id)
        )

    def _samples(self, video_id: UUID, facts: VideoFacts) -> SampleEncryption | None:
        chosen = choice(video_id, facts)
        return self._content_keys.of_samples(chosen) if chosen else None


def _keys(samples: SampleEncryption | None) -> list[tuple[Track, ContentKey]]:
    return [] if samples is None else [(track, samples.key_of(track)) for track in _TRACKS]


def _url_text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
