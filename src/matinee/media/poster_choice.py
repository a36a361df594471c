"""Which moment of a video makes a good poster: where to look, and what is good. Pure.

A picture is judged by three small grey frames from its surroundings: the eye wants light, contrast and detail, and
no scene that is just fading in or out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from .model import Plan

MOMENTS = tuple(Fraction(*share) for share in ((1, 10), (3, 10), (1, 2), (7, 10)))
"""Where to look, as shares of the picture: past most titles, before most credits."""

FRAME_WIDTH, FRAME_HEIGHT = 96, 54
"""Of a judged frame: smaller would hide blur, larger would only take time."""

_DARKEST, _BRIGHTEST, _COMFORT = 16, 240, 40  # luma; within `_COMFORT` of the limits a picture is less liked
_HALF_CONTRAST, _HALF_DETAIL = 24.0, 25.0  # where half of the liking is reached
_LARGEST_DRIFT = 40.0  # of luma within the window; a fade from black passes it within a second


def poster_entries(plan: Plan) -> list[Fraction | None]:
    """Where to enter the source for each candidate, in its seconds; None is its beginning."""
    start, end = picture_span(plan)
    points = [start + (end - start) * share for share in MOMENTS] if plan.source.seekable else []
    entries = [point for point in points if point > 1]
    if len(entries) == len(MOMENTS):
        return list(entries)
    return [start if plan.grid.skipped_frames and plan.source.seekable else None, *entries]


def picture_span(plan: Plan) -> tuple[Fraction, Fraction]:
    """From when to when the source has pictures that the video shows, in the source's seconds."""
    cut = plan.grid.skipped_frames / plan.grid.rate.fraction
    start, end = Fraction(*plan.source.video_start), Fraction(*plan.source.video_end)
    return max(start, cut), min(end, cut + plan.grid.duration)


def poster_score(frames: Sequence[bytes]) -> float:
    """How well the surroundings of a picture would do, from 0 (black, blank or in mid-fade) to below 1.

    Each frame is FRAME_WIDTH × FRAME_HEIGHT bytes of luma, in order of time.
    """
    if not frames:
        return 0.0
    means = [sum(frame) / len(frame) for frame in frames]
    drift = max(means) - min(means)
    steadiness = max(0.0, 1 - drift / _LARGEST_DRIFT)
    worst = min(_liking(frame, mean) for frame, mean in zip(frames, means, strict=True))
    return worst * steadiness


def _liking(frame: bytes, mean: float) -> float:
    contrast = math.sqrt(max(0.0, sum(value * value for value in frame) / len(frame) - mean * mean))
    light = min(1.0, max(0.0, (mean - _DARKEST) / _COMFORT), max(0.0, (_BRIGHTEST - mean) / _COMFORT))
    detail = _detail(frame) / (1 + contrast) * _HALF_CONTRAST  # by its own contrast: fog is not blur
    return light * contrast / (contrast + _HALF_CONTRAST) * detail / (detail + _HALF_DETAIL)


def _detail(frame: bytes) -> float:
    """How much a pixel differs from what its four neighbours promise, on average."""
    width = FRAME_WIDTH
    total = 0
    for row in range(1, FRAME_HEIGHT - 1):
        at = row * width
        here, above, below = frame[at : at + width], frame[at - width : at], frame[at + width : at + 2 * width]
        total += sum(
            abs(4 * pixel - left - right - up - down)
            for pixel, left, right, up, down in zip(
                here[1:-1], here, here[2:], above[1:-1], below[1:-1], strict=False
            )
        )
    return total / ((width - 2) * (FRAME_HEIGHT - 2))
