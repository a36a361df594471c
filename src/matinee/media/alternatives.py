"""Rungs of the ladder in other codecs: fewer bits for the same picture, for players that know them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec

from .bandwidth import NOTHING, average_bits
from .ladder import with_replaced
from .levels import av1_codecs, av1_level, hevc_codecs, hevc_level
from .model import Offer, Plan, Rate, VideoRange, VideoRendition


class _Row(NamedTuple):
    codec: Literal["hevc", "av1"]
    hdr: bool
    crf: int
    share: Fraction
    """Of the H.264 rung's cap on bits that does for the same picture."""


# In the order in which they stand in the plan. The figures are measured: see docs/codecs.md.
_ROWS: dict[Offer, _Row] = {
    "av1": _Row("av1", False, 40, Fraction(7, 10)),
    "hevc": _Row("hevc", False, 24, Fraction(3, 4)),
    "av1-hdr": _Row("av1", True, 38, Fraction(4, 5)),
    "hevc-hdr": _Row("hevc", True, 22, Fraction(17, 20)),
}
# What follows the bit depth in AV1's CODECS: no monochrome, 4:2:0 sited as video, BT.2020, the transfer, limited.
_AV1_COLOURS = {"SDR": "", "PQ": ".0.111.09.16.09.0", "HLG": ".0.111.09.18.09.0"}


def offered(plan: Plan, offers: Collection[Offer]) -> Plan:
    """The plan with what these offers ask for. What it has already stays, also of other offers.

    Where the source's own picture is offered, another codec is only if it is expected to take fewer bits for the same
    size: who plays that codec plays the copy as well, and players that stay with a codec would never come to it.
    """
    rate, video_range, ladder = plan.grid.rate, plan.source.video_range, with_replaced(plan)
    present = {rung.name for rung in plan.alternatives}
    added = [rung for rung in alternatives(ladder, rate, offers, video_range) if rung.name not in present]
    costly = {_kind(rung): rung for rung in added if _costs_more(plan, rung)}
    added = [rung for rung in added if _kind(rung) not in costly]
    known = {rung.name: rung for rung in (*added, *plan.alternatives)}
    names = [rung.name for rung in alternatives(ladder, rate, tuple(_ROWS), video_range)]
    kept = [rung for rung in plan.alternatives if rung.name not in names]  # by rules of another version
    found = (*(known[name] for name in names if name in known), *kept)
    new = [reason for reason in (_why_not(plan, rung) for rung in costly.values()) if reason not in plan.reasons]
    return msgspec.structs.replace(plan, alternatives=found, reasons=(*plan.reasons, *new))


def _kind(rung: VideoRendition) -> tuple[str, VideoRange]:
    """What players stay with."""
    return rung.codec, rung.video_range


def _costs_more(plan: Plan, rung: VideoRendition) -> bool:
    """Whether it has the size of the source's own picture and would take no fewer bits, as far as one can tell."""
    copied = plan.copied
    if copied is None or any((rung.width, rung.height) == (other.width, other.height) for other in plan.video):
        return False
    return average_bits(plan, rung, NOTHING) >= copied.average_bit_rate


def _why_not(plan: Plan, rung: VideoRendition) -> str:
    assert plan.copied is not None, "only beside a copy may a rung cost too much"
    codec, copied = rung.codec.upper(), plan.copied.average_bit_rate // 1000
    takes = average_bits(plan, rung, NOTHING) // 1000
    return f"Nothing is made in {codec}: the largest size would take some {takes} kbit/s, the source's own {copied}."


def alternatives(
    ladder: Sequence[VideoRendition], rate: Rate, offers: Collection[Offer], source: VideoRange
) -> tuple[VideoRendition, ...]:
    """The renditions that are added for these offers; HDR only to a source of that range."""
    return tuple(
        _alternative(rung, rate, offer, row, source if row.hdr else "SDR")
        for offer, row in _ROWS.items()
        if offer in offers and not (row.hdr and source == "SDR")
        for rung in ladder  # all of it: players stay with a codec, and would lack its small rungs on a slow line
    )


def _alternative(rung: VideoRendition, rate: Rate, offer: str, row: _Row, video_range: VideoRange) -> VideoRendition:
    bits = round(rung.max_bit_rate * row.share / 1000) * 1000
    bit_depth = 10 if row.hdr else 8
    if row.codec == "av1":
        level = av1_level(rung.width, rung.height, rate, bits)
        codecs = av1_codecs(level, bit_depth, _AV1_COLOURS[video_range])
    else:
        level = hevc_level(rung.width, rung.height, rate, bits)
        codecs = hevc_codecs(level, bit_depth)
    return VideoRendition(
        name=f"{rung.name}-{offer}",
        width=rung.width,
        height=rung.height,
        crf=row.crf,
        max_bit_rate=bits,
        buffer_bits=bits,
        profile="main10" if bit_depth == 10 and row.codec == "hevc" else "main",
        level=level,
        codecs=codecs,
        codec=row.codec,
        video_range=video_range,
    )
