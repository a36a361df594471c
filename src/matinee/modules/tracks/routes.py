"""HTTP in and out of text tracks and chapters."""

from email.message import Message

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.common.storage.port import StorageUnavailable
from matinee.media.captions.model import MAX_BYTES
from matinee.modules.tracks.editing import CueEditing
from matinee.modules.tracks.errors import (
    BeingCaptioned,
    ForcedNotSubtitles,
    InvalidCaptions,
    InvalidChapters,
    InvalidCues,
    KindFixed,
    NoSound,
    NoSuchTrack,
    SpeechUnavailable,
    TooManyTracks,
    TrackNotReady,
)
from matinee.modules.tracks.machine import MachineCaptions
from matinee.modules.tracks.rules import FORMATS, UNSAID
from matinee.modules.tracks.schemas import (
    Chapters,
    Cues,
    NewMachineTrack,
    NewTrack,
    TextTrack,
    TextTracks,
    TrackChange,
    TrackId,
)
from matinee.modules.tracks.service import TrackService
from matinee.modules.videos.errors import UNSEEN, VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

TAG = "captions"
CAPTIONS = "/api/v1/videos/{video_id}/captions"
TRACK = f"{CAPTIONS}/{{track_id}}"
CUES = f"{TRACK}/cues"
CHAPTERS = "/api/v1/videos/{video_id}/chapters"


class TrackRoutes:
    """Operations on text tracks and chapters."""

    def __init__(self, tracks: TrackService, machine: MachineCaptions, editing: CueEditing) -> None:
        self._tracks = tracks
        self._machine = machine
        self._editing = editing

    @operation(
        "POST",
        CAPTIONS,
        tag=TAG,
        scope="videos:write",
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

    @operation(
        "POST",
        f"{CAPTIONS}/machine",
        tag=TAG,
        scope="videos:write",
        status=202,
        errors=(VideoNotFound, VideoNotPlayable, NoSound, SpeechUnavailable, BeingCaptioned, TooManyTracks),
        idempotent=True,
        limit=RateLimit("machine_captions", 60, 3600, by="user"),
    )
    async def make_captions(self, call: Call, db: Connection, video_id: VideoId, body: NewMachineTrack) -> TextTrack:
        """Have a machine caption what is said.

        The track is listed at once with the state `making` and its `percent`; the events of the video tell of news.
        Deleting it ends the work. It takes a while: about as long as the video, and others may be before it.
        """
        return await self._machine.begin(db, call.user, video_id, body)

    @operation(
        "GET",
        CUES,
        tag=TAG,
        scope="videos:read",
        errors=(VideoNotFound, NoSuchTrack, TrackNotReady, StorageUnavailable),
    )
    async def get_cues(self, call: Call, video_id: VideoId, track_id: TrackId) -> Cues:
        """What a text track says, to be edited."""
        return await self._editing.cues_of(call.user, video_id, track_id)

    @operation(
        "PUT",
        CUES,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, NoSuchTrack, TrackNotReady, InvalidCues, InvalidCaptions, StorageUnavailable),
        idempotent=True,
        limit=RateLimit("captions", 240, 3600, by="user"),
        largest_body=MAX_BYTES,
    )
    async def edit_cues(self, call: Call, video_id: VideoId, track_id: TrackId, body: Cues) -> TextTrack:
        """Replace what a text track says.

        The answer is the edited track. It has a new id, for players keep what they have of the old one, which is
        gone: whoever edits it at the same time is told so. What a machine made counts as read by a person then.
        """
        return await self._editing.replace(call.begin, call.user, video_id, track_id, body)

    @operation("GET", CAPTIONS, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=UNSEEN)
    async def list_captions(self, call: Call, db: Connection, video_id: VideoId) -> TextTracks:
        """The text tracks of a video.

        Those of the film itself appear soon after the video is READY. Its owner also sees what a machine is making.
        """
        return await self._tracks.tracks_of(db, call.viewer, video_id)

    @operation(
        "PATCH",
        TRACK,
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, NoSuchTrack, KindFixed, ForcedNotSubtitles),
    )
    async def change_captions(
        self, call: Call, db: Connection, video_id: VideoId, track_id: TrackId, body: TrackChange
    ) -> TextTrack:
        """Change what is said of a text track; fields left out stay as they are."""
        return await self._tracks.change(db, call.user, video_id, track_id, body)

    @operation("DELETE", TRACK, tag=TAG, scope="videos:write", errors=(VideoNotFound, NoSuchTrack))
    async def delete_captions(self, call: Call, db: Connection, video_id: VideoId, track_id: TrackId) -> None:
        """Delete a text track."""
        await self._tracks.delete(db, call.user, video_id, track_id)

    @operation("GET", CHAPTERS, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=UNSEEN)
    async def get_chapters(self, call: Call, db: Connection, video_id: VideoId) -> Chapters:
        """The chapters of a video: those that were set, else those of the film."""
        return await self._tracks.chapters(db, call.viewer, video_id)

    @operation("PUT", CHAPTERS, tag=TAG, scope="videos:write", errors=(VideoNotFound, InvalidChapters))
    async def set_chapters(self, call: Call, db: Connection, video_id: VideoId, body: Chapters) -> Chapters:
        """Replace the chapters of a video."""
        return await self._tracks.set_chapters(db, call.user, video_id, body)
