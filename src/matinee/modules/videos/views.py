"""Rows → what is shown of them."""

import msgspec

from matinee.modules.encoding.schemas import Encoding
from matinee.modules.videos.repository import VideoRow
from matinee.modules.videos.schemas import Failure, Owner, Playback, Video, VideoSummary


def summarise(row: VideoRow) -> VideoSummary:
    """A video as lists show it."""
    return VideoSummary(
        id=row.id,
        owner=Owner(row.owner_id, row.owner_name),
        title=row.title,
        description=row.description,
        visibility=row.visibility,
        status=row.status,
        filename=row.filename,
        filesize=row.filesize,
        filetype=row.filetype,
        duration=row.duration,
        width=row.width,
        height=row.height,
        failure=Failure(row.failure_code, row.failure_detail or "") if row.failure_code else None,
        playback=_playback(row) if row.status == "READY" else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        ready_at=row.ready_at,
    )


def detail(row: VideoRow, encoding: Encoding | None) -> Video:
    """A video with the progress of its encoding."""
    return Video(**msgspec.structs.asdict(summarise(row)), encoding=encoding)


def _playback(row: VideoRow) -> Playback:
    video_id = str(row.id)  # once: it costs a microsecond
    base = f"/playback/{video_id}"
    return Playback(
        hls=f"{base}/master.m3u8",
        dash=f"{base}/manifest.mpd",
        poster=_poster(row, base),
        placeholder=row.placeholder,
        thumbnail=f"{base}/thumbnail.jpg" if row.width else None,
        storyboard=f"{base}/storyboard.json" if row.has_storyboard else None,
        preview=f"{base}/preview.webp" if row.has_preview else None,
        watch=f"/watch/{video_id}",
        embed=f"/embed/{video_id}",
    )


def _poster(row: VideoRow, base: str) -> str | None:
    if row.chosen_poster:
        return f"{base}/poster.jpg?v={row.chosen_poster}"  # another address: caches hold the former one
    return f"{base}/poster.jpg" if row.has_poster else None
