"""HTTP in and out of text tracks and chapters."""

from email.message import Message

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.common.storage.port import StorageUnavailable
from matinee.media.captions.model import MAX_BYTES
from matinee.modules.tracks.errors import (
    ForcedNotSubtitles,
    InvalidCaptions,
    InvalidChapters,
    KindFixed,
    NoSuchTrack,
    TooManyTracks,
)
from matinee.modules.tracks.rules import FORMATS, UNSAID
from matinee.modules.tracks.schemas import Chapters, NewTrack, TextTrack, TextTracks, TrackChange, TrackId
from matinee.modules.tracks.service import TrackService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "captions"
CAPTIONS = "/api/v1/videos/{video_id}/captions"
TRACK = f"{CAPTIONS}/{{track_id}}"
CHAPTERS = "/api/v1/videos/{video_id}/chapters"


class TrackRoutes:
    """Operations on text tracks and chapters."""

    def __init__(self, tracks: TrackService) -> None:
        self._tracks = tracks

    @operation(
        "POST",
        CAPTIONS,
        tag=TAG,
        status=201,
        errors=(VideoNotFound, InvalidCaptions, TooManyTracks, ForcedNotSubtitles, StorageUnavailable),
        idempotent=True,
        limit=RateLimit("captions", 240, 3600, by="user"),
        consumes=(*FORMATS, *UNSAID),
        largest_body=MAX_BYTES,
    )
    async def add_captions(self, call: Call, video_id: VideoId, query: NewTrack, body: bytes) -> TextTrack:
        """Upload a text track.

        The body is the file: SRT, WebVTT, ASS/SSA or TTML, 4 MiB at most, in UTF-8, UTF-16, or what the `charset` of
        its Content-Type says. What is wrong with it is told with the lines. A track of kind `chapters` also replaces
        the video's list of chapters.
        """
        content_type = Message()
        content_type["Content-Type"] = call.header(b"content-type") or ""
        form = FORMATS.get(content_type.get_content_type())
        charset = content_type.get_param("charset")
        return await self._tracks.add(
            call.begin, call.user, video_id, query, body, form=form, charset=str(charset) if charset else None
        )

    @operation("GET", CAPTIONS, tag=TAG, access=Access.OPTIONAL, errors=(VideoNotFound,))
    async def list_captions(self, call: Call, db: Connection, video_id: VideoId) -> TextTracks:
        """The text tracks of a video.

        Those of the film itself appear soon after the video is READY.
        """
        return await self._tracks.tracks_of(db, call.caller, video_id)

    @operation("PATCH", TRACK, tag=TAG, errors=(VideoNotFound, NoSuchTrack, KindFixed, ForcedNotSubtitles))
    async def change_captions(
        self, call: Call, db: Connection, video_id: VideoId, track_id: TrackId, body: TrackChange
    ) -> TextTrack:
        """Change what is said of a text track; fields left out stay as they are."""
        return await self._tracks.change(db, call.user, video_id, track_id, body)

    @operation("DELETE", TRACK, tag=TAG, errors=(VideoNotFound, NoSuchTrack))
    async def delete_captions(self, call: Call, db: Connection, video_id: VideoId, track_id: TrackId) -> None:
        """Delete a text track."""
        await self._tracks.delete(db, call.user, video_id, track_id)

    @operation("GET", CHAPTERS, tag=TAG, access=Access.OPTIONAL, errors=(VideoNotFound,))
    async def get_chapters(self, call: Call, db: Connection, video_id: VideoId) -> Chapters:
        """The chapters of a video: those that were set, else those of the film."""
        return await self._tracks.chapters(db, call.caller, video_id)

    @operation("PUT", CHAPTERS, tag=TAG, errors=(VideoNotFound, InvalidChapters))
    async def set_chapters(self, call: Call, db: Connection, video_id: VideoId, body: Chapters) -> Chapters:
        """Replace the chapters of a video."""
        return await self._tracks.set_chapters(db, call.user, video_id, body)
