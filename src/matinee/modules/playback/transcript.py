"""What is said in a video, as text with times: made of its subtitles or captions."""

import asyncio
from uuid import UUID

from matinee.common.http.authentication import Caller
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.captions.languages import canonical_language
from matinee.media.captions.listing import ListedTrack, choose_track
from matinee.media.captions.markup import plain
from matinee.media.captions.model import MAX_BYTES, Cue
from matinee.media.captions.read import read_stored
from matinee.modules.playback.documents import document
from matinee.modules.playback.errors import NoTranscript
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.schemas import Transcript, TranscriptLine
from matinee.modules.playback.service import PlaybackService, Playlist

_MOST_BYTES = 2 * MAX_BYTES  # a file grows a little when it becomes WebVTT


class Transcripts:
    """Transcripts by the rules of all playback: who may see the video may read what is said in it."""

    def __init__(self, playback: PlaybackService, repository: PlaybackRepository, storage: Storage) -> None:
        self._playback = playback
        self._repository = repository
        self._storage = storage

    async def page(
        self, viewer: Caller | None, video_id: UUID, language: str | None, *, after: int, limit: int
    ) -> Transcript:
        """`limit` lines behind the first `after` ones."""
        track, _ = await self._track(viewer, video_id, language)
        cues = await self._cues(video_id, track)
        lines = [
            TranscriptLine(start=cue.start / 1000, end=cue.end / 1000, text=plain(cue.text))
            for cue in cues[after : after + limit]
        ]
        more = after + limit < len(cues)
        return Transcript(
            track_id=track.id,
            language=track.language,
            machine_made=track.machine_made,
            items=lines,
            next_after=after + limit if more else None,
        )

    async def text(self, viewer: Caller | None, video_id: UUID, language: str | None) -> Playlist:
        """All of it without times, a line a cue."""
        track, private = await self._track(viewer, video_id, language)
        cues = await self._cues(video_id, track)
        text = await asyncio.to_thread(lambda: "".join(f"{plain(cue.text)}\n" for cue in cues))
        return Playlist(document(text), private)

    async def _track(self, viewer: Caller | None, video_id: UUID, language: str | None) -> tuple[ListedTrack, bool]:
        facts = await self._playback.playable(
            viewer, ("menu", video_id), lambda: self._repository.find_menu(video_id)
        )
        wanted = None if language is None else canonical_language(language)
        track = choose_track(facts.listed(), wanted)
        if track is None:
            raise NoTranscript
        return track, facts.visibility == "private"

    async def _cues(self, video_id: UUID, track: ListedTrack) -> list[Cue]:
        try:
            file = await self._storage.read(keys.captions_key(video_id, track.id), 0, _MOST_BYTES)
        except NoSuchObjectError:  # being deleted
            raise NoTranscript from None
        return await asyncio.to_thread(read_stored, file)
