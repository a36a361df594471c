"""A watermark: where it lies on a picture of any size, and the filters that put it there. Pure.

It is laid over each rung after scaling, so that it is sharp at every size and at the same place of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .encoder_argv import transfer
from .ladder import with_replaced
from .memory_files import PROTOCOL, as_input
from .model import Plan, VideoRendition, Watermark

DEMUXER = "png_pipe"
MARK_SIDE = 1024
"""Pixels of the longer side of a stored image at most; a mark of a quarter of a 4K picture has as many."""

_REASON = "It has a watermark: every quality is encoded and carries it, and none is copied from the source."
# White of graphics at 203 cd/m² (ITU-R BT.2408), as a share of the code range: full white would dazzle.
_GRAPHICS_WHITE = {"PQ": 0.58, "HLG": 0.75}


class Place(msgspec.Struct, frozen=True):
    """Where a mark lies on a picture, in pixels; even numbers, as chroma has half as many."""

    x: int
    y: int
    width: int
    height: int


def place(mark: Watermark, width: int, height: int) -> Place:
    """Where the mark lies on a picture of that size: as wide as it should be, or smaller where it would not fit."""
    margin = min(round(width * mark.margin), (width - 2) // 2, (height - 2) // 2)
    room_across, room_down = width - 2 * margin, height - 2 * margin
    wide = min(width * mark.scale, room_across, room_down * mark.width / mark.height)
    wide_pixels, high_pixels = _even(wide), _even(wide * mark.height / mark.width)
    return Place(
        x=_along(mark.position, "left", "right", margin, width - wide_pixels),
        y=_along(mark.position, "top", "bottom", margin, height - high_pixels),
        width=wide_pixels,
        height=high_pixels,
    )


def marked(plan: Plan, mark: Watermark | None) -> Plan:
    """The plan with this watermark in place of any other, or with none.

    What was copied of the source is encoded instead. A plan without a picture stays as it is.
    """
    if not plan.video or plan.watermark == mark:
        return plan
    reasons = tuple(reason for reason in plan.reasons if reason != _REASON)
    if mark is None:
        return msgspec.structs.replace(plan, watermark=None, spare=(), reasons=reasons)
    return msgspec.structs.replace(
        plan,
        video=with_replaced(plan),
        spare=(),
        copied=None,
        opens_copied=False,
        replaced=None,
        watermark=mark,
        reasons=(*reasons, _REASON),
    )


def mark_input(descriptor: int) -> list[str]:
    """The arguments that open the stored image as an input: a file in memory, by one demuxer."""
    return [
        "-protocol_whitelist", PROTOCOL, "-format_whitelist", DEMUXER, "-f", DEMUXER,
        "-threads", "1", *as_input(descriptor),
    ]  # fmt: skip


def mark_filters(mark: Watermark, rungs: Sequence[VideoRendition], time_base: str) -> list[str]:
    """The chains that make `[m0]`, `[m1]` … of the image: for each rung the mark, of its size and colours."""
    split = "[1:v]format=gbrap,premultiply=inplace=1"  # else the colours of clear pixels bleed in at the edges
    if len(rungs) == 1:
        return [f"{split},{_for_rung(mark, rungs[0], time_base)}[m0]"]
    taps = "".join(f"[w{number}]" for number in range(len(rungs)))
    each = [f"[w{number}]{_for_rung(mark, rung, time_base)}[m{number}]" for number, rung in enumerate(rungs)]
    return [f"{split},split={len(rungs)}{taps}", *each]


def overlay(mark: Watermark, rung: VideoRendition) -> str:
    """The filter that lays the mark, its second input, over the rung's picture."""
    spot = place(mark, rung.width, rung.height)
    pixels = "yuv420" if rung.video_range == "SDR" else "yuv420p10"
    return f"overlay=x={spot.x}:y={spot.y}:format={pixels}:eof_action=repeat"  # one image, for all frames


def _for_rung(mark: Watermark, rung: VideoRendition, time_base: str) -> str:
    spot = place(mark, rung.width, rung.height)
    steps = [
        f"scale={spot.width}:{spot.height}:flags=bicubic+bitexact",
        "unpremultiply=inplace=1",
        f"colorchannelmixer=aa={mark.opacity:.3f}",
    ]
    if rung.video_range == "SDR":
        steps.append("scale=flags=bicubic+bitexact:out_color_matrix=bt709:out_range=tv,format=yuva420p")
        colours = "color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    else:
        share = _GRAPHICS_WHITE[rung.video_range]
        steps.append(f"lutrgb=r=val*{share}:g=val*{share}:b=val*{share}")
        steps.append("scale=flags=bicubic+bitexact:out_color_matrix=bt2020:out_range=tv,format=yuva420p10le")
        colours = f"color_primaries=bt2020:color_trc={transfer(rung.video_range)}:colorspace=bt2020nc"
    # of the picture's own colours and clock: nothing is converted where they meet
    return ",".join([*steps, "setsar=1", f"setparams=range=tv:{colours}", f"settb={time_base}", "setpts=0"])


def _even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))


def _along(position: str, start: str, end: str, margin: int, last: int) -> int:
    """The first pixel in one direction; `last` is the one of a mark that touches the end."""
    at = margin if start in position else last - margin if end in position else last / 2
    return min(2 * round(at / 2), last // 2 * 2)
