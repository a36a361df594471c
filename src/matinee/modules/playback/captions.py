"""Text tracks as players read them: the whole file from storage, or cut into the segments of HLS and DASH."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from matinee.common.http.viewer import Viewer
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import hls, keys
from matinee.media.captions.model import MOST_STORED_BYTES, SEGMENT_SECONDS, Cue
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import cut_vtt
from matinee.media.captions.wvtt import cut_wvtt, init_segment
from matinee.media.timeline import MICROSECONDS, WHOLE, Timeline, segments_of_text
from matinee.modules.playback.documents import Document, DocumentCache, document
from matinee.modules.playback.objects import Playlist, StoredObject
from matinee.modules.playback.part import window_of
from matinee.modules.playback.repository import PlaybackRepository, TrackFacts
from matinee.modules.playback.service import PlaybackService
from matinee.modules.tracks.errors import NoSuchTrack
from matinee.modules.videos.access import seen

SegmentForm = Literal["vtt", "cmft"]
"""Of HLS and of DASH."""

_CUTTERS: dict[SegmentForm, Callable[[Sequence[Cue], Sequence[int]], Sequence[str | bytes]]] = {
    "vtt": cut_vtt,
    "cmft": cut_wvtt,
}
_INIT = document(init_segment())


class _Cut(NamedTuple):
    """A track as segments of one form, on the grid of one recipe."""

    track_id: UUID
    form: SegmentForm
    recipe: str


class CaptionPlayback:
    """Text tracks by the rules of all playback: who may see the video may read along."""

    def __init__(self, playback: PlaybackService, repository: PlaybackRepository, storage: Storage) -> None:
        self._playback = playback
        self._repository = repository
        self._storage = storage
        self._segments = DocumentCache()
        self._cutting = asyncio.Lock()

    async def whole(self, viewer: Viewer, video_id: UUID, track_id: UUID) -> StoredObject:
        """The whole file, which may exist before the video can be played."""
        facts = seen(viewer, video_id, await self._repository.find_track(video_id, track_id))
        if not facts.has_track or window_of(viewer) != WHOLE:  # it is not cut
            raise NoSuchTrack
        return StoredObject(
            key=keys.captions_key(video_id, track_id),
            etag=f'"{track_id.hex}"',
            content_type=keys.CAPTIONS_TYPE,
            private=facts.is_private,
        )

    async def playlist(self, viewer: Viewer, video_id: UUID, track_id: UUID) -> Playlist:
        """The HLS playlist of a track."""
        facts = await self._known(viewer, video_id, track_id)
        plan = await self._playback.plan(video_id, facts)
        return Playlist(document(hls.text_playlist(plan, window_of(viewer))), facts.is_private)

    async def segment(
        self, viewer: Viewer, video_id: UUID, track_id: UUID, index: int, form: SegmentForm
    ) -> Playlist:
        """A segment of a track. A video that gets another file may get another grid, and is cut elsewhere then."""
        facts = await self._known(viewer, video_id, track_id)
        plan = await self._playback.plan(video_id, facts)
        bounds = segments_of_text(plan, SEGMENT_SECONDS)
        if index not in window_of(viewer).cells(Timeline(MICROSECONDS, tuple(bounds))):
            raise NoSuchTrack
        cut = _Cut(track_id, form, plan.recipe)
        found = self._segments.get((cut, index))
        if found is None:
            async with self._cutting:  # whoever asks for the same track meanwhile finds it cut
                found = self._segments.get((cut, index))
                if found is None:
                    found = (await self._cut(video_id, cut, bounds))[index]
        return Playlist(found, facts.is_private)

    async def init(self, viewer: Viewer, video_id: UUID, track_id: UUID) -> Playlist:
        """The initialization segment of a track for DASH."""
        facts = await self._known(viewer, video_id, track_id)
        return Playlist(_INIT, facts.is_private)

    async def _known(self, viewer: Viewer, video_id: UUID, track_id: UUID) -> TrackFacts:
        facts = await self._playback.playable(
            viewer, video_id, ("track", track_id), lambda: self._repository.find_track(video_id, track_id)
        )
        if not facts.has_track:
            raise NoSuchTrack
        return facts

    async def _cut(self, video_id: UUID, cut: _Cut, bounds: list[int]) -> list[Document]:
        try:
            data = await self._storage.read(keys.captions_key(video_id, cut.track_id), 0, MOST_STORED_BYTES)
        except NoSuchObjectError:  # being deleted
            raise NoSuchTrack from None
        segments = await asyncio.to_thread(
            lambda: [document(segment) for segment in _CUTTERS[cut.form](read_stored(data), bounds)]
        )
        return [self._segments.keep((cut, index), segment) for index, segment in enumerate(segments)]
