"""Object keys: every stored object's name is derived from what it is, here and nowhere else.

A key is never kept in a row and never holds a host, so a bucket can move and a CDN can stand in front.
Recipe and rendition names come from a plan (or a path) and must be one plain path segment.
"""

import re
from uuid import UUID

from .storyboard import VERSION as STORYBOARD_VERSION

PREFIX = "videos/"
"""What every key starts with."""

CONTENT_TYPES = {"video": "video/mp4", "audio": "audio/mp4"}
"""The media type of init segments and cells, by the kind of their rendition."""

CAPTIONS_TYPE = "text/vtt"
CAPTIONS_MP4_TYPE = "application/mp4"

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_segment(name: str) -> bool:
    """Whether a recipe or rendition name may stand in a key: one path segment without surprises."""
    return _SEGMENT.fullmatch(name) is not None


def video_prefix(video_id: UUID) -> str:
    """What the keys of all objects of a video start with; ends in a slash."""
    return f"videos/{video_id}/"


def split(key: str) -> tuple[UUID, str]:
    """Whose a key is, and what it is below `video_prefix`."""
    _, video_id, name = key.split("/", 2)
    return UUID(video_id), name


def source_prefix(video_id: UUID) -> str:
    """What the keys of all files that were uploaded for a video start with, and no other key does."""
    return f"videos/{video_id}/source"


def source_key(video_id: UUID, revision: int = 1) -> str:
    """The file as it was uploaded; `revision` counts those that took the place of the one before."""
    return source_prefix(video_id) if revision == 1 else f"{source_prefix(video_id)}-{revision}"


def piece_prefix(video_id: UUID) -> str:
    """What the keys of all pieces of a file start with that is being received; ends in a slash."""
    return f"videos/{video_id}/pieces/"


def piece_key(video_id: UUID, name: str) -> str:
    """Bytes of a file behind its last whole part."""
    return f"{piece_prefix(video_id)}{_segment(name)}"


def watermark_key(video_id: UUID, version: str) -> str:
    """The image of a watermark, PNG. It was uploaded too, and stays as long as the file that it is laid over."""
    return f"{source_prefix(video_id)}-watermark-{_segment(version)}.png"


def sound_key(video_id: UUID, name: str) -> str:
    """The file of a sound that was added later, as it was uploaded; `name` is that of its rendition."""
    return f"videos/{video_id}/sounds/{_segment(name)}"


def poster_key(video_id: UUID, edition: int = 1) -> str:
    """The still picture, JPEG; like all pictures, of one of the editions that the video had."""
    return f"videos/{video_id}/poster{_of(edition)}.jpg"


def chosen_poster_key(video_id: UUID, version: str) -> str:
    """The still picture that the owner chose, JPEG; `version` tells it from those chosen before."""
    return f"videos/{video_id}/poster-{_segment(version)}.jpg"


def thumbnail_key(video_id: UUID, recipe: str, rendition: str, index: int, size: str, extension: str) -> str:
    """The keyframe of a cell at a size, such as `320x180`."""
    return f"videos/{video_id}/pictures/{_segment(recipe)}/{_segment(rendition)}-{index}-{_segment(size)}.{extension}"


def sheet_key(video_id: UUID, version: int, sheet: int, edition: int = 1) -> str:
    """A sheet of the storyboard, JPEG; `version` is that of the storyboard's rules."""
    return f"videos/{video_id}/pictures/storyboard-{version}{_of(edition)}/{sheet}.jpg"


def preview_key(video_id: UUID, edition: int = 1) -> str:
    """The animation that stands for the video in lists, WebP."""
    return f"videos/{video_id}/pictures/preview{_of(edition)}.webp"


def captions_key(video_id: UUID, track_id: UUID) -> str:
    """A text track, WebVTT."""
    return f"videos/{video_id}/captions/{track_id}.vtt"


def layout_key(video_id: UUID, recipe: str, rendition: str) -> str:
    """How a file for download lies over the cells of a rendition and of the sound."""
    return f"videos/{video_id}/downloads/{_segment(recipe)}/{_segment(rendition)}.layout"


def copy_index_key(video_id: UUID, recipe: str, rendition: str) -> str:
    """Where the frames of a copied rendition lie in the source. No part of the rendition: it outlives an eviction."""
    return f"videos/{video_id}/copies/{_segment(recipe)}/{_segment(rendition)}.index"


def rendition_prefix(video_id: UUID, recipe: str, rendition: str) -> str:
    """What the keys of a rendition's init segment and cells start with; ends in a slash."""
    return f"videos/{video_id}/{_segment(recipe)}/{_segment(rendition)}/"


def init_key(video_id: UUID, recipe: str, rendition: str) -> str:
    """The CMAF header of a rendition: what a player reads before any of its cells."""
    return f"{rendition_prefix(video_id, recipe, rendition)}init.mp4"


def cell_key(video_id: UUID, recipe: str, rendition: str, index: int) -> str:
    """One cell: the CMAF segment of a rendition at an index of the grid, from 0."""
    if index < 0:
        raise ValueError(f"a cell's index is 0 or more, not {index}")
    return f"{rendition_prefix(video_id, recipe, rendition)}{index}.m4s"


def former_prefixes(video_id: UUID, recipe: str, edition: int) -> list[str]:
    """What the keys of everything start with that was made for an edition of the video which is no longer shown."""
    start, recipe = video_prefix(video_id), _segment(recipe)
    return [
        f"{start}{recipe}/",
        f"{start}downloads/{recipe}/",
        f"{start}copies/{recipe}/",
        f"{start}pictures/{recipe}/",
        sheet_key(video_id, STORYBOARD_VERSION, 0, edition).removesuffix("0.jpg"),
        preview_key(video_id, edition),
        poster_key(video_id, edition),
    ]


def _of(edition: int) -> str:
    return "" if edition == 1 else f"-of-{edition}"


def _segment(name: str) -> str:
    if not is_segment(name):
        raise ValueError(f"{name!r} cannot be part of an object key")
    return name
