"""HTTP in and out of transcripts."""

from msgspec import UNSET
from starlette.responses import Response

from matinee.common.http.answers import IF_NONE_MATCH, NOT_MODIFIED
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.playback.errors import NoTranscript
from matinee.modules.playback.responses import playlist_response
from matinee.modules.playback.schemas import TextQuery, Transcript, TranscriptQuery
from matinee.modules.playback.transcript import Transcripts
from matinee.modules.videos.errors import UNSEEN, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

TAG = "captions"
TRANSCRIPT = "/api/v1/videos/{video_id}/transcript"
_ERRORS = (*UNSEEN, VideoNotPlayable, NoTranscript, StorageUnavailable)


class TranscriptRoutes:
    """What is said in a video, for whoever may watch it."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts

    @operation("GET", TRANSCRIPT, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=_ERRORS)
    async def get_transcript(self, call: Call, video_id: VideoId, query: TranscriptQuery) -> Transcript:
        """What is said in a video, with times.

        Of its subtitles and captions that in the `language`; without one, what players show by default, else what
        people wrote, else what a machine heard.
        """
        language = None if query.language is UNSET else query.language
        return await self._transcripts.page(call.viewer, video_id, language, after=query.after, limit=query.limit)

    @operation(
        "GET",
        f"{TRANSCRIPT}.txt",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=_ERRORS,
        produces="text/plain",
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_transcript_text(self, call: Call, video_id: VideoId, query: TextQuery) -> Response:
        """What is said in a video, as plain text."""
        language = None if query.language is UNSET else query.language
        text = await self._transcripts.text(call.viewer, video_id, language)
        return playlist_response(text, "text/plain; charset=utf-8", dict(call.scope["headers"]))
