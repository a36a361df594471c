"""Movies by hand: the index of an MP4 file, table by table, and the plan and probe that go with it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

from matinee.media.boxes import box, full_box
from matinee.media.model import Plan, Rate
from matinee.media.plan import make_plan
from matinee.media.probe import Probe, VideoFacts

# what x264 writes for 640 x 360, High, 8 bits
SEQUENCE = bytes.fromhex("6764001eacd940a02ff9610000030001000003003c8f162d96")
CONFIGURATION = bytes([1, 100, 0, 30, 0xFF, 0xE1]) + struct.pack(">H", len(SEQUENCE)) + SEQUENCE + b"\1\0\4hb\1\2"
SIZE = 1 << 30
TICKS = 512  # a frame, at 12,800 a second and 25 frames


def movie(
    sizes: Sequence[int],
    *,
    durations: Sequence[int] | None = None,
    compositions: Sequence[int] | None = None,
    keyframes: Sequence[int] = (1,),
    chunk: int = 10,
    edits: Sequence[tuple[int, int]] = (),
    configuration: bytes = CONFIGURATION,
    timescale: int = 12_800,
    more: bytes = b"",
) -> bytes:
    """The payload of a `moov` box with one picture track; frames lie in chunks, one every megabyte."""
    count = len(sizes)
    chunks = -(-count // chunk)
    entry = box(b"avc1", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", 640, 360), bytes(50),
                box(b"avcC", configuration))  # fmt: skip
    runs = [struct.pack(">III", 1, chunk, 1)]
    if count % chunk:
        runs.append(struct.pack(">III", chunks, count % chunk, 1))
        runs = runs[chunks == 1 :]
    tables = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, _runs(durations or [TICKS] * count)),
        full_box(b"ctts", 0, 0, _runs(compositions or [0] * count)),
        full_box(b"stss", 0, 0, struct.pack(f">{1 + len(keyframes)}I", len(keyframes), *keyframes)),
        full_box(b"stsz", 0, 0, struct.pack(f">{2 + count}I", 0, count, *sizes)),
        full_box(b"stsc", 0, 0, struct.pack(">I", len(runs)), *runs),
        full_box(b"stco", 0, 0, struct.pack(f">{1 + chunks}I", chunks, *((1 + n) << 20 for n in range(chunks)))),
    )
    clock = struct.pack(">IIII", 0, 0, timescale, 0)
    listed = b"".join(struct.pack(">IiI", length, media_time, 0x10000) for length, media_time in edits)
    edit = box(b"edts", full_box(b"elst", 0, 0, struct.pack(">I", len(edits)), listed)) if edits else b""
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12))
    track = box(b"trak", edit, box(b"mdia", full_box(b"mdhd", 0, 0, clock), handler, box(b"minf", tables)))
    return full_box(b"mvhd", 0, 0, struct.pack(">IIII", 0, 0, 1000, 0)) + track + more


def facts(seconds: Fraction, *, start: Fraction = Fraction(0), rate: int = 25) -> Probe:
    """What the probe says of such a film without sound."""
    video = VideoFacts(
        index=0, codec="h264", width=640, height=360, sample_aspect=Fraction(1), rotation=0, mirrored=False,
        pixel_format="yuv420p",
        bit_depth=8, transfer="", matrix="", interlaced=False, average_rate=Fraction(rate),
        nominal_rate=Fraction(rate), start=start, end=start + seconds,
    )  # fmt: skip
    return Probe(container="mov", start=start, duration=seconds, video=video, sounds=(), seekable=True)


def planned(probe: Probe) -> Plan:
    """The plan that knows nothing of copying."""
    plan = make_plan(probe)
    assert plan.grid.rate == Rate(25, 1)
    return plan


def _runs(values: Sequence[int]) -> bytes:
    return struct.pack(">I", len(values)) + b"".join(struct.pack(">Ii", 1, value) for value in values)
