"""The ladder: which sizes a video is offered in, and what each may cost.

Rungs are named by the shorter side, so that portrait video gets the same quality as landscape. All H.264 High,
8-bit 4:2:0, square pixels, capped CRF: the cap bounds what a player must fetch, CRF saves where the picture is easy.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from .model import Plan, Rate, VideoRendition

STANDARD_RUNGS = (2160, 1440, 1080, 720, 480, 360, 240)
CRF = 23
"""For a picture of which nothing is known; see title.py for others."""

BITS_AT_1080P30 = 5_000_000
_SIZE_EXPONENT = 0.78  # bits grow slower than pixels: 2160p needs three times 1080p, not four
_RATE_EXPONENT = 0.6  # and slower than frames: 60 a second need half as much again, not double
MIN_BIT_RATE = 100_000
MIN_SAVING = Fraction(1, 5)
"""A rung that costs more than four fifths of the one above it is not worth encoding."""


class _Effort(NamedTuple):
    """How hard x264 works on rungs up to a shorter side: docs/ladder.md tells what each of these is worth."""

    side: int
    preset: str
    params: str


# Headers that do not depend on CRF: cells of a rung go on from each other also where its CRF was changed.
_STITCHABLE = "stitchable=1"
_EFFORTS = (
    _Effort(360, "faster", f"{_STITCHABLE}:rc-lookahead=40"),  # small rungs cost little, so more can be spent on them
    _Effort(
        1080, "veryfast", f"{_STITCHABLE}:trellis=1:rc-lookahead=30"
    ),  # a tenth more time, and two points of VMAF
    _Effort(
        STANDARD_RUNGS[0], "veryfast", f"{_STITCHABLE}:trellis=1"
    ),  # frames that are looked ahead at are memory: 15 MB each
)

# Level, macroblocks a frame, macroblocks a second, kbit/s in High profile (ITU-T H.264 table A-1).
_LEVELS = (
    ("1.0", 99, 1_485, 80),
    ("1.1", 396, 3_000, 240),
    ("1.2", 396, 6_000, 480),
    ("1.3", 396, 11_880, 960),
    ("2.0", 396, 11_880, 2_500),
    ("2.1", 792, 19_800, 5_000),
    ("2.2", 1_620, 20_250, 5_000),
    ("3.0", 1_620, 40_500, 12_500),
    ("3.1", 3_600, 108_000, 17_500),
    ("3.2", 5_120, 216_000, 25_000),
    ("4.0", 8_192, 245_760, 25_000),
    ("4.2", 8_704, 522_240, 62_500),
    ("5.0", 22_080, 589_824, 168_750),
    ("5.1", 36_864, 983_040, 300_000),
    ("5.2", 36_864, 2_073_600, 300_000),
    ("6.0", 139_264, 4_177_920, 300_000),
    ("6.2", 139_264, 16_711_680, 1_000_000),
)


def display_size(width: int, height: int, sample_aspect: Fraction, rotation: int) -> tuple[int, int]:
    """The size in square pixels, upright. The longer way is shrunk, not the shorter stretched beyond the stored
    detail: 720x576 at 16:15 is 768x576, and 1440x1080 at 4:3 is 1920x1080.
    """
    aspect = sample_aspect if Fraction(1, 8) <= sample_aspect <= 8 else Fraction(1)
    wide, high = (max(1, round(width * aspect)), height) if aspect >= 1 else (width, round(height / aspect))
    return (high, wide) if rotation in (90, 270) else (wide, high)


def ladder(width: int, height: int, rate: Rate) -> tuple[VideoRendition, ...]:
    """The rungs for a display size, lowest first: never larger than the source, at least one."""
    shorter = min(width, height)
    top = min(shorter, STANDARD_RUNGS[0])
    sides = [top, *(side for side in STANDARD_RUNGS if side < top)]
    kept: list[VideoRendition] = []
    for side in sides:
        rung = _rung(side, Fraction(side, shorter), width, height, rate)
        if not kept or rung.max_bit_rate <= kept[-1].max_bit_rate * (1 - MIN_SAVING):
            kept.append(rung)
    return tuple(reversed(kept))


def with_replaced(plan: Plan) -> tuple[VideoRendition, ...]:
    """The rungs of a plan, and the one that it would have on top if the source's own picture were not offered."""
    if plan.copied is None:
        return plan.video
    return (*plan.video, plan.replaced or ladder(plan.copied.width, plan.copied.height, plan.grid.rate)[-1])


def _rung(side: int, scale: Fraction, width: int, height: int, rate: Rate) -> VideoRendition:
    wide, high = _even(width * scale, width), _even(height * scale, height)
    bits = _bit_rate(wide * high, rate)
    level = _level(wide, high, rate, bits)
    effort = next(effort for effort in _EFFORTS if side <= effort.side)
    return VideoRendition(
        name=f"v{side}",
        width=wide,
        height=high,
        crf=CRF,
        max_bit_rate=bits,
        buffer_bits=bits,  # one second's worth: a 4 s cell stays within 5/4 of the cap
        profile="high",
        level=level,
        codecs=f"avc1.6400{round(float(level) * 10):02x}",
        preset=effort.preset,
        params=effort.params,
        states_cap=False,
    )


def _even(length: Fraction, source_length: int) -> int:
    """The nearest even length that is not above the source's; 4:2:0 has no odd ones."""
    return max(2, min(2 * round(length / 2), source_length // 2 * 2))


def _bit_rate(pixels: int, rate: Rate) -> int:
    size = math.pow(pixels / (1920 * 1080), _SIZE_EXPONENT)
    speed = math.pow(rate.fraction / 30, _RATE_EXPONENT)
    return max(MIN_BIT_RATE, round(BITS_AT_1080P30 * size * speed / 1000) * 1000)


def _level(width: int, height: int, rate: Rate, bits: int) -> str:
    across, down = -(-width // 16), -(-height // 16)
    blocks = across * down
    for level, frame_blocks, second_blocks, kilobits in _LEVELS:
        if (
            blocks <= frame_blocks
            and max(across, down) ** 2 <= 8 * frame_blocks  # no side may be too long for its area
            and blocks * rate.fraction <= second_blocks
            and bits <= kilobits * 1000
        ):
            return level
    return _LEVELS[-1][0]
