"""WebVTT in ISO BMFF (ISO/IEC 14496-30), as a CMAF text track: the segments of DASH.

A sample holds what is shown from one change to the next, so a cue stands in as many samples as there are changes
while it is shown. Unlike bare WebVTT, which some players of DASH take for relative to its segment, its times are
those of the samples.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..boxes import IDENTITY, box, full_box, media_information, movie_extends, movie_header
from .cutting import cues_within
from .model import Cue

CODEC = "wvtt"
TIMESCALE = 1_000_000  # that of the bounds
MOST_BYTES = 16 << 20
"""Of what all samples of a track show. Each segment may take its even share and what those before it left; what it
holds beyond is not shown. A file has 4 MB at most, but of cues that overlap may become a thousandfold of it."""

_MILLISECOND = TIMESCALE // 1000
_EMPTY = box(b"vtte")
_MOMENT = re.compile(r"<[\d:.]+>")  # when a word within a cue begins; a sample begins at another time than its cue
_BRANDS = b"iso6cmfccwvt"
_UNDETERMINED = 0x55C4  # the packed language `und`; the manifest tells it


class _Sample(NamedTuple):
    duration: int
    data: bytes


def init_segment() -> bytes:
    """The initialization segment, which is the same for all tracks."""
    track_header = struct.pack(">IIIII8xhhhxx", 0, 0, 1, 0, 0, 0, 0, 0) + IDENTITY + bytes(8)
    media_header = struct.pack(">IIIIHxx", 0, 0, TIMESCALE, 0, _UNDETERMINED)
    entry = box(b"wvtt", bytes(6), b"\0\1", box(b"vttC", b"WEBVTT"))
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"text", bytes(12), b"\0")
    information = media_information(full_box(b"nmhd", 0, 0), entry)
    media = box(b"mdia", full_box(b"mdhd", 0, 0, media_header), handler, information)
    track = box(b"trak", full_box(b"tkhd", 0, 7, track_header), media)
    return box(b"ftyp", b"iso6", bytes(4), _BRANDS) + box(b"moov", movie_header(), track, movie_extends())


def cut_wvtt(cues: Sequence[Cue], bounds: Sequence[int]) -> list[bytes]:
    """The media segments between the `bounds`, in microseconds."""
    share = MOST_BYTES // max(1, len(bounds) - 1)
    segments, left = [], 0
    for index, (shown, begin, end) in enumerate(zip(cues_within(cues, bounds), bounds, bounds[1:], strict=False)):
        left += share
        samples = list(_samples(shown, begin, end, left))
        left -= sum(len(sample.data) for sample in samples if sample.data != _EMPTY)
        segments.append(_segment(index, begin, samples))
    return segments


def _samples(cues: Sequence[Cue], begin: int, end: int, most: int) -> Iterator[_Sample]:
    """What is shown from change to change, without a gap."""
    appearing: defaultdict[int, list[int]] = defaultdict(list)
    vanishing: defaultdict[int, list[int]] = defaultdict(list)
    for index, cue in enumerate(cues):
        appearing[max(begin, cue.start * _MILLISECOND)].append(index)
        vanishing[min(end, cue.end * _MILLISECOND)].append(index)
    shown: dict[int, bytes] = {}
    size = spent = 0
    for time, until in pairwise(sorted({begin, *appearing, *vanishing, end})):
        for index in vanishing[time]:
            size -= len(shown.pop(index))
        for index in appearing[time]:
            shown[index] = _cue_box(cues[index])
            size += len(shown[index])
        fits = spent + size <= most
        spent += size if fits else 0
        yield _Sample(until - time, b"".join(shown.values()) if shown and fits else _EMPTY)


def _cue_box(cue: Cue) -> bytes:
    source = box(b"vsid", struct.pack(">I", cue.line))  # one cue, in however many samples it stands
    settings = [box(b"sttg", cue.settings.encode())] if cue.settings else []
    return box(b"vttc", source, *settings, box(b"payl", _MOMENT.sub("", cue.text).encode()))


def _segment(index: int, begin: int, samples: Sequence[_Sample]) -> bytes:
    table = b"".join(struct.pack(">II", sample.duration, len(sample.data)) for sample in samples)
    # the samples begin behind the head of `mdat`, which follows
    fragment = _fragment(index, begin, len(samples), table, 0)
    fragment = _fragment(index, begin, len(samples), table, len(fragment) + 8)
    return (
        box(b"styp", b"msdh", bytes(4), b"msdh", _BRANDS)
        + fragment
        + box(b"mdat", *(sample.data for sample in samples))
    )


def _fragment(index: int, begin: int, count: int, table: bytes, offset: int) -> bytes:
    base_is_fragment, offset_duration_size = 0x20000, 0x301
    return box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", index + 1)),
        box(
            b"traf",
            full_box(b"tfhd", 0, base_is_fragment, struct.pack(">I", 1)),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", begin)),
            full_box(b"trun", 0, offset_duration_size, struct.pack(">II", count, offset), table),
        ),
    )
