"""HTTP in and out of text tracks as players read them."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from matinee.common.errors import RangeNotSatisfiable
from matinee.common.http.answers import ELSEWHERE, IF_NONE_MATCH, IF_RANGE, NOT_MODIFIED, PARTIAL_CONTENT, RANGE
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.media import hls, keys
from matinee.modules.playback.captions import CaptionPlayback
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.errors import CellNotReady
from matinee.modules.playback.responses import object_response, playlist_response, unchanged_response
from matinee.modules.playback.routes import BASE, TAG
from matinee.modules.tracks.errors import NoSuchTrack
from matinee.modules.tracks.schemas import TrackId
from matinee.modules.videos.errors import UNSEEN, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId

CAPTIONS = f"{BASE}/captions/{{track_id}}"

SegmentIndex = Annotated[
    int, Meta(ge=0, lt=2**31 - 1, description="The segment's place in the playlist or manifest, from 0.")
]


class CaptionRoutes:
    """Text tracks for players, under the same rules as playlists and cells."""

    def __init__(self, captions: CaptionPlayback, delivery: Delivery) -> None:
        self._captions = captions
        self._delivery = delivery

    @operation(
        "GET",
        f"{CAPTIONS}.vtt",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, NoSuchTrack, CellNotReady, RangeNotSatisfiable, StorageUnavailable),
        produces=keys.CAPTIONS_TYPE,
        accepts=(RANGE, IF_RANGE, IF_NONE_MATCH),
        also=(PARTIAL_CONTENT, ELSEWHERE, NOT_MODIFIED),
    )
    async def get_captions_file(self, call: Call, video_id: VideoId, track_id: TrackId) -> Response:
        """A text track as one WebVTT file."""
        stored = await self._captions.whole(call.viewer, video_id, track_id)
        headers = dict(call.scope["headers"])
        unchanged = unchanged_response(stored, headers)
        if unchanged is not None:
            return unchanged
        source = await self._delivery.open(stored.key, head=call.scope["method"] == "HEAD")
        return object_response(stored, source, headers)

    @operation(
        "GET",
        f"{CAPTIONS}/index.m3u8",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchTrack),
        produces=hls.CONTENT_TYPE,
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_hls_captions(self, call: Call, video_id: VideoId, track_id: TrackId) -> Response:
        """The HLS playlist of a text track."""
        playlist = await self._captions.playlist(call.viewer, video_id, track_id)
        return playlist_response(playlist, hls.CONTENT_TYPE, dict(call.scope["headers"]))

    @operation(
        "GET",
        f"{CAPTIONS}/{{index}}.vtt",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchTrack, StorageUnavailable),
        produces=keys.CAPTIONS_TYPE,
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_captions_segment(
        self, call: Call, video_id: VideoId, track_id: TrackId, index: SegmentIndex
    ) -> Response:
        """One segment of a text track for HLS: WebVTT of about a minute.

        Its times are those of the whole, on the clock of the segments of picture and sound.
        """
        segment = await self._captions.segment(call.viewer, video_id, track_id, index, "vtt")
        return playlist_response(segment, keys.CAPTIONS_TYPE, dict(call.scope["headers"]))

    @operation(
        "GET",
        f"{CAPTIONS}/init.cmft",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchTrack),
        produces=keys.CAPTIONS_MP4_TYPE,
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_dash_captions_init(self, call: Call, video_id: VideoId, track_id: TrackId) -> Response:
        """The initialization segment of a text track, for DASH."""
        init = await self._captions.init(call.viewer, video_id, track_id)
        return playlist_response(init, keys.CAPTIONS_MP4_TYPE, dict(call.scope["headers"]))

    @operation(
        "GET",
        f"{CAPTIONS}/{{index}}.cmft",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable, NoSuchTrack, StorageUnavailable),
        produces=keys.CAPTIONS_MP4_TYPE,
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED,),
    )
    async def get_dash_captions_segment(
        self, call: Call, video_id: VideoId, track_id: TrackId, index: SegmentIndex
    ) -> Response:
        """One segment of a text track for DASH: WebVTT in MP4 (`wvtt`), about a minute."""
        segment = await self._captions.segment(call.viewer, video_id, track_id, index, "cmft")
        return playlist_response(segment, keys.CAPTIONS_MP4_TYPE, dict(call.scope["headers"]))
