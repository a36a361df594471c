"""HTTP in and out of sounds."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.sounds.errors import DefaultSound, LastSound, NoSuchSound, SoundNotUploaded, TooManySounds
from matinee.modules.sounds.schemas import NewSound, Sound, SoundChange, SoundId, Sounds, SoundUpload
from matinee.modules.sounds.service import SoundService
from matinee.modules.uploads.errors import EtagMismatch, FileTooLarge, PartsMissing, SizeMismatch
from matinee.modules.uploads.schemas import CompleteUpload
from matinee.modules.videos.errors import UNSEEN, VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

TAG = "sounds"
SOUNDS = "/api/v1/videos/{video_id}/audio"
SOUND = f"{SOUNDS}/{{sound_id}}"


class SoundRoutes:
    """Operations on the sounds of a video."""

    def __init__(self, sounds: SoundService) -> None:
        self._sounds = sounds

    @operation("GET", SOUNDS, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=UNSEEN)
    async def list_sounds(self, call: Call, db: Connection, video_id: VideoId) -> Sounds:
        """The sounds of a video: of its file, and those that were added.

        What is not ready yet, or failed, is shown to who may change the video.
        """
        return await self._sounds.sounds_of(db, call.viewer, video_id)

    @operation(
        "POST",
        SOUNDS,
        tag=TAG,
        scope="videos:write",
        status=201,
        errors=(
            VideoNotFound,
            VideoNotPlayable,
            NoSuchSound,
            FileTooLarge,
            QuotaExceeded,
            TooManySounds,
            StorageUnavailable,
        ),
        idempotent=True,
        limit=RateLimit("sounds", 120, 3600, by="user"),
    )
    async def add_sound(self, call: Call, body: NewSound, video_id: VideoId) -> SoundUpload:
        """Announce another sound of a video that can be played.

        Next: PUT each part to its address, then complete. The sound begins with the picture; where it is shorter,
        silence follows, where it is longer, it is cut.
        """
        return await self._sounds.add(call.begin, call.user, video_id, body)

    @operation(
        "POST",
        f"{SOUND}/complete",
        tag=TAG,
        scope="videos:write",
        errors=(
            VideoNotFound,
            NoSuchSound,
            PartsMissing,
            SizeMismatch,
            EtagMismatch,
            SoundNotUploaded,
            StorageUnavailable,
        ),
    )
    async def complete_sound(self, call: Call, body: CompleteUpload, video_id: VideoId, sound_id: SoundId) -> Sound:
        """Join the parts of a sound; it is offered to players as soon as it was looked at.

        Completing twice is harmless.
        """
        return await self._sounds.complete(call.user, video_id, sound_id, body)

    @operation(
        "PATCH",
        SOUND,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, VideoNotPlayable, NoSuchSound, DefaultSound),
    )
    async def change_sound(
        self, call: Call, db: Connection, video_id: VideoId, sound_id: SoundId, body: SoundChange
    ) -> Sound:
        """Change what is said of a sound; fields left out stay as they are."""
        return await self._sounds.change(db, call.user, video_id, sound_id, body)

    @operation(
        "DELETE",
        SOUND,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, VideoNotPlayable, NoSuchSound, LastSound),
    )
    async def delete_sound(self, call: Call, db: Connection, video_id: VideoId, sound_id: SoundId) -> None:
        """Delete a sound, of the file or added; never the only one."""
        await self._sounds.delete(db, call.user, video_id, sound_id)
