"""Cells and playlists, read by parsers that others wrote: pymp4 and m3u8."""

from __future__ import annotations

from typing import Any

import m3u8
from m3u8.model import StreamInfo
from pymp4.parser import Box

NOT_A_KEYFRAME = 0x10000
_HOLDERS = ("moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf")


class Node:
    """A box: its kind, those in it, and what pymp4 reads in it."""

    def __init__(self, data: bytes) -> None:
        self.kind = data[4:8].decode()
        self.data = data
        self.children = parsed(data[8:]) if self.kind in _HOLDERS else []

    def __getattr__(self, name: str) -> Any:
        return getattr(Box.parse(self.data), name)


def parsed(data: bytes) -> list[Node]:
    """The boxes side by side, to the last byte."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 8 <= size <= len(data) - at
        found.append(Node(data[at : at + size]))
        at += size
    return found


def kinds(boxes: list[Node]) -> list[str]:
    return [box.kind for box in boxes]


def child(box: Node, *path: str) -> Node:
    """The one box at this path below another."""
    for kind in path:
        [box] = [inner for inner in box.children if inner.kind == kind]
    return box


def timescale(init: bytes) -> int:
    """Ticks a second of the track that an init segment declares."""
    scale: int = child(parsed(init)[1], "trak", "mdia", "mdhd").timescale
    return scale


def span(moof: Node) -> tuple[int, int]:
    """From when to when, in ticks of its track, a fragment's frames go."""
    tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
    start = child(moof, "traf", "tfdt").baseMediaDecodeTime
    lasts = sum(_or(sample.sample_duration, tfhd.default_sample_duration) for sample in trun.sample_info)
    return start, start + lasts


def sizes(moof: Node) -> list[int]:
    """How many bytes each frame of a fragment has."""
    tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
    return [_or(sample.sample_size, tfhd.default_sample_size) for sample in trun.sample_info]


def keyframes(moof: Node) -> list[int]:
    """The places of those frames of a fragment that stand alone."""
    tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
    flags = [_word(_or(sample.sample_flags, tfhd.default_sample_flags)) for sample in trun.sample_info]
    if trun.first_sample_flags is not None:
        flags[0] = _word(trun.first_sample_flags)
    return [place for place, flag in enumerate(flags) if not flag & NOT_A_KEYFRAME]


def strictly(text: str) -> m3u8.M3U8:
    """A playlist whose tags are fit for its version, and of which the parser knows every tag and every attribute.

    Strict or not, m3u8 passes over attributes that it does not know; none is excused here.
    """
    read = m3u8.parse(text, strict=True)
    variants = [variant["stream_info"] for variant in read["playlists"]]
    variants += [variant["iframe_stream_info"] for variant in read["iframe_playlists"]]
    known = set(vars(StreamInfo()))
    assert [set(attributes) - known for attributes in variants] == [set()] * len(variants)
    playlist = m3u8.loads(text)
    assert [media.extras for media in playlist.media] == [{}] * len(playlist.media)
    return playlist


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _word(flags: Any) -> int:
    """Sample flags as the one word they are."""
    if isinstance(flags, int):
        return flags
    return NOT_A_KEYFRAME if flags.sample_is_non_sync_sample else 0
