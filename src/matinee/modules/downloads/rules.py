"""Which files a video has, what they are called, and who may have them: pure decisions over plain values."""

import re
from collections.abc import Mapping
from uuid import UUID

import msgspec

from matinee.common.http.authentication import Caller
from matinee.media.model import Plan
from matinee.modules.downloads.schemas import Allowed, Download
from matinee.modules.videos.rules import may_change

ORIGINAL = "original"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|%]+')


class Stored(msgspec.Struct, frozen=True):
    """What is stored of a rendition."""

    name: str
    is_complete: bool
    bytes: int


def may_download(caller: Caller | None, owner_id: UUID, allowed: Allowed, name: str) -> bool:
    """Whether the caller, who may watch the video, may also keep that file of it."""
    if may_change(caller, owner_id):
        return True
    return allowed == "original" or (allowed == "renditions" and name != ORIGINAL)


def rendition_of(plan: Plan, name: str) -> str | None:
    """The main rendition of a file by its name; None where the plan has none for it."""
    return next((rendition for rendition, file in _files(plan).items() if file == name), None)


def parts_of(plan: Plan, rendition: str) -> list[str]:
    """The renditions that a file is put together from, the main one first."""
    sound = [plan.audio.name] if plan.audio and plan.audio.name != rendition else []
    return [rendition, *sound]


def list_files(video_id: UUID, plan: Plan, stored: Mapping[str, Stored], original_bytes: int) -> list[Download]:
    """All files of a video."""
    sizes = {rung.name: (rung.width, rung.height) for rung in plan.video}
    listed = []
    for rendition, file in _files(plan).items():
        parts = [stored[part] for part in parts_of(plan, rendition) if part in stored]
        width, height = sizes.get(rendition, (None, None))
        listed.append(
            Download(
                name=file,
                kind="video" if rendition in sizes else "audio",
                width=width,
                height=height,
                complete=len(parts) == len(parts_of(plan, rendition)) and all(part.is_complete for part in parts),
                bytes=sum(part.bytes for part in parts),
                url=_url(video_id, file),
            )
        )
    original = Download(
        name=ORIGINAL, kind="original", width=None, height=None, complete=True, bytes=original_bytes,
        url=_url(video_id, ORIGINAL),
    )  # fmt: skip
    return [*listed, original]


def saved_as(title: str, name: str, uploaded: str) -> str:
    """What a browser calls the file on its disk: the title, the quality, the right ending."""
    if name == ORIGINAL:
        return _UNSAFE.sub(" ", uploaded).strip(" .") or "video"
    stem = _UNSAFE.sub(" ", title).strip(" .") or "video"
    quality, _, ending = name.rpartition(".")
    return f"{stem}.{ending}" if ending == "m4a" else f"{stem} ({quality.removeprefix('v')}p).{ending}"


def _files(plan: Plan) -> dict[str, str]:
    """Renditions, the largest first, and the names of their files."""
    files = {rung.name: f"{rung.name}.mp4" for rung in reversed(plan.video)}
    return {**files, plan.audio.name: f"{plan.audio.name}.m4a"} if plan.audio else files


def _url(video_id: UUID, name: str) -> str:
    return f"/playback/{video_id}/downloads/{name}"
