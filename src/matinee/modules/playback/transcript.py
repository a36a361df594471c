"""What is said in a video, as text with times: made of its subtitles or captions."""

import asyncio
from collections import OrderedDict
from uuid import UUID

from matinee.common.http.viewer import Viewer
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.captions.languages import canonical_language
from matinee.media.captions.listing import ListedTrack, choose_track
from matinee.media.captions.markup import plain
from matinee.media.captions.model import MOST_STORED_BYTES
from matinee.media.captions.read import read_stored
from matinee.media.timeline import WHOLE
from matinee.modules.playback.documents import document
from matinee.modules.playback.errors import NoTranscript
from matinee.modules.playback.objects import Playlist
from matinee.modules.playback.part import window_of
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.schemas import Transcript, TranscriptLine
from matinee.modules.playback.service import PlaybackService

_REMEMBERED = 16  # transcripts: 200 kB for a film, some megabytes for the longest that is accepted


class Transcripts:
    """Transcripts by the rules of all playback: who may see the video may read what is said in it."""

    def __init__(self, playback: PlaybackService, repository: PlaybackRepository, storage: Storage) -> None:
        self._playback = playback
        self._repository = repository
        self._storage = storage
        self._lines: OrderedDict[UUID, list[TranscriptLine]] = OrderedDict()
        self._reading = asyncio.Lock()

    async def page(
        self, viewer: Viewer, video_id: UUID, language: str | None, *, after: int, limit: int
    ) -> Transcript:
        """`limit` lines behind the first `after` ones."""
        track, _ = await self._track(viewer, video_id, language)
        lines = await self._lines_of(video_id, track)
        more = after + limit < len(lines)
        return Transcript(
            track_id=track.id,
            language=track.language,
            machine_made=track.machine_made,
            items=lines[after : after + limit],
            next_after=after + limit if more else None,
        )

    async def text(self, viewer: Viewer, video_id: UUID, language: str | None) -> Playlist:
        """All of it without times, a line a cue."""
        track, private = await self._track(viewer, video_id, language)
        lines = await self._lines_of(video_id, track)
        text = await asyncio.to_thread(lambda: "".join(f"{line.text}\n" for line in lines))
        return Playlist(document(text), private)

    async def _track(self, viewer: Viewer, video_id: UUID, language: str | None) -> tuple[ListedTrack, bool]:
        facts = await self._playback.playable(viewer, video_id, "menu", lambda: self._repository.find_menu(video_id))
        wanted = None if language is None else canonical_language(language)
        track = choose_track(facts.listed(), wanted)
        if track is None or window_of(viewer) != WHOLE:  # it is not cut
            raise NoTranscript
        return track, facts.is_private

    async def _lines_of(self, video_id: UUID, track: ListedTrack) -> list[TranscriptLine]:
        """Read once, one track at a time: a long one takes seconds of a processor, and never changes."""
        async with self._reading:
            lines = self._lines.get(track.id)
            if lines is None:
                lines = self._lines[track.id] = await self._read(video_id, track)
                if len(self._lines) > _REMEMBERED:
                    self._lines.popitem(last=False)
            self._lines.move_to_end(track.id)
        return lines

    async def _read(self, video_id: UUID, track: ListedTrack) -> list[TranscriptLine]:
        try:
            file = await self._storage.read(keys.captions_key(video_id, track.id), 0, MOST_STORED_BYTES)
        except NoSuchObjectError:  # being deleted
            raise NoTranscript from None
        return await asyncio.to_thread(_parse, file)


def _parse(file: bytes) -> list[TranscriptLine]:
    return [
        TranscriptLine(start=cue.start / 1000, end=cue.end / 1000, text=plain(cue.text)) for cue in read_stored(file)
    ]
