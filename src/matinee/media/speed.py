"""How much work a rendition is: renditions of the same work are made at the same speed on the same machine. Pure."""

from __future__ import annotations

import msgspec

from .model import Plan, VideoRendition

SIDES = (240, 360, 480, 720, 1080, 1440, 2160, 4320)
"""Sizes that are told apart, by the shorter side of a picture of 16:9."""
RATES = (30, 60)
"""Frames a second that are told apart."""
_LENIENCE = 1.05  # 854 x 480 is a little more than 480 * 16 / 9 by 480

_ENCODERS = {"hevc": "libx265", "av1": "libsvtav1"}


class Work(msgspec.Struct, frozen=True):
    """What decides how fast a cell is made: the encoder, and the pixels that it and the decoder see."""

    encoder: str
    side: int
    rate: int
    source_side: int

    def is_no_less_than(self, other: Work) -> bool:
        """Whether it cannot be done faster than the other."""
        return (
            self.encoder == other.encoder
            and self.side >= other.side
            and self.rate >= other.rate
            and self.source_side >= other.source_side
        )


def work_of(plan: Plan, rung: VideoRendition) -> Work:
    """The work that a rendition of the plan is."""
    return Work(
        encoder=_ENCODERS.get(rung.codec, rung.encoder),
        side=_side(rung.width * rung.height),
        rate=next((rate for rate in RATES if plan.grid.rate.fraction <= rate), RATES[-1]),
        source_side=_side(plan.source.width * plan.source.height),
    )


def _side(pixels: int) -> int:
    return next((side for side in SIDES if pixels <= side * side * 16 / 9 * _LENIENCE), SIDES[-1])
