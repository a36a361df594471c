"""What a download is called and what it is made of. Pure."""

import re
from typing import Literal
from urllib.parse import quote

from matinee.media.model import AudioRendition, CopiedRendition, Plan, VideoRendition

ORIGINAL = "original"
State = Literal["preparing", "ready", "failed"]

_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_NAME = 200  # bytes of a title in a file's name; systems take 255 with what follows it


def parts_of(plan: Plan, name: str) -> list[str]:
    """The renditions that a file is made of, the main one first; raises KeyError for one that is not in the plan."""
    rendition = plan.rendition(name)
    if isinstance(rendition, AudioRendition) or plan.audio is None:
        return [name]
    return [name, plan.audio.name]


def file_name(title: str, plan: Plan, name: str) -> str:
    """What the client should call the file: the title and the quality."""
    stem = _stem(title)
    rendition = plan.rendition(name)
    if isinstance(rendition, AudioRendition):
        return f"{stem}.m4a"
    return f"{stem} {min(rendition.width, rendition.height)}p{_kind_of(rendition)}.mp4"


def _kind_of(rendition: VideoRendition | CopiedRendition) -> str:
    """What tells it from the H.264 rendition of its size."""
    codec = "" if rendition.codec == "h264" else f" {rendition.codec.upper()}"
    return codec if rendition.video_range == "SDR" else f"{codec} HDR"


def title_name(title: str, filename: str) -> str:
    """What anybody but the owner should call the uploaded file: its title, and what kind of file it is."""
    kind = re.search(r"\.[A-Za-z0-9]{1,8}\Z", filename)
    return _stem(title) + (kind[0] if kind else "")


def _stem(title: str) -> str:
    return _UNSAFE.sub(" ", title).encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .") or "video"


def disposition(file: str) -> str:
    """The header that has a browser save the answer under that name (RFC 6266)."""
    plain = file.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file, safe='')}"
