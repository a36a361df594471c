"""Which thumbnails there are: a bounded number of moments, sizes and formats a video. Pure.

Whoever asks for any time and any size gets the nearest of them, so that nobody can have pictures made without end:
of each cell one moment, 7 widths as the picture is, 7 × 5 cropped, in 3 formats.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from .model import Plan, VideoRendition
from .storyboard import even

Format = Literal["jpg", "webp", "avif"]
Fit = Literal["contain", "cover"]

CONTENT_TYPES: dict[Format, str] = {"jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
WIDTHS = (80, 160, 320, 480, 640, 960, 1280)
ASPECTS = tuple(Fraction(*sides) for sides in ((9, 16), (3, 4), (1, 1), (4, 3), (16, 9)))


class ThumbnailSize(msgspec.Struct, frozen=True):
    """Pixels of a thumbnail, and of the whole picture that it is cut out of."""

    width: int
    height: int
    full_width: int
    full_height: int


def thumbnail_size(plan: Plan, width: int, height: int | None, fit: Fit) -> ThumbnailSize:
    """The size that is made where this one is asked for.

    The width is the next in WIDTHS, but no larger than the video's own. `contain`: the whole picture, within width
    and height. `cover`: cropped to the nearest of ASPECTS. LookupError where the plan has no picture.
    """
    if not plan.video:
        raise LookupError("the plan has no video rendition")
    top = plan.video[-1]
    aspect = Fraction(top.width, top.height)
    if height is None or fit == "contain":
        room = Fraction(width) if height is None else min(Fraction(width), height * aspect)
        wide = min(_step(room), top.width)
        return _whole(wide, even(wide / aspect))
    target = min(ASPECTS, key=lambda known: abs(_ratio(known, Fraction(width, height))))
    widest = min(Fraction(top.width), top.height * target)
    wide = even(min(Fraction(_step(Fraction(width))), widest))
    high = even(wide / target)
    if target > aspect:
        return ThumbnailSize(wide, high, wide, max(high, even(wide / aspect)))
    return ThumbnailSize(wide, high, max(wide, even(high * aspect)), high)


def thumbnail_rungs(plan: Plan, size: ThumbnailSize) -> list[VideoRendition]:
    """The renditions to take a thumbnail from, best first: the smallest that is large enough, the ones below it,
    and at last those above."""
    fitting = next((i for i, rung in enumerate(plan.video) if rung.width >= size.full_width), len(plan.video) - 1)
    return [*plan.video[fitting::-1], *plan.video[fitting + 1 :]]


def thumbnail_cell(plan: Plan, seconds: float | None) -> int:
    """The cell whose keyframe is shown for a moment; None is the middle of the video."""
    moment = plan.grid.duration / 2 if seconds is None else Fraction(seconds)
    return plan.grid.cell_at(moment)


def _whole(width: int, height: int) -> ThumbnailSize:
    width = even(Fraction(width))
    return ThumbnailSize(width, height, width, height)


def _step(width: Fraction) -> int:
    return next((step for step in WIDTHS if step >= width), WIDTHS[-1])


def _ratio(a: Fraction, b: Fraction) -> Fraction:
    """How far apart two aspects are, the same for twice and half."""
    return max(a / b, b / a) - 1
