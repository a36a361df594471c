"""From when to when each stream's packets go, read from ffprobe's packet list line by line."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import msgspec

HEAD_PACKETS = 60  # enough for the first packet of both streams in any sane interleaving


class PacketSpan(msgspec.Struct):
    """The extent of one stream's shown packets, in seconds on the source's clock."""

    first: Fraction
    """The earliest packet, shown or not: an encoder's priming counts."""
    start: Fraction | None = None
    end: Fraction = Fraction(0)
    """When the last packet that is shown ends."""
    end_known: bool = False
    """Whether that packet said how long it lasts."""


async def packet_spans(lines: asyncio.StreamReader, wanted: set[int]) -> dict[int, PacketSpan]:
    """Read `index,pts,dts,duration,flags` lines to the end; memory does not grow with their number.

    A stream none of whose packets is shown is left out.
    """
    spans: dict[int, PacketSpan] = {}
    async for line in lines:
        fields = line.decode("ascii", "replace").strip().split(",")
        if len(fields) < 5 or not fields[0].isdigit() or int(fields[0]) not in wanted:
            continue
        moment = _time(fields[1]) if fields[1] != "N/A" else _time(fields[2])
        if moment is None:
            continue
        span = spans.setdefault(int(fields[0]), PacketSpan(first=moment))
        span.first = min(span.first, moment)
        if "D" not in fields[4]:  # an edit list hides packets that are marked so
            _extend(span, moment, _time(fields[3]))
    return {index: span for index, span in spans.items() if span.start is not None}


def _extend(span: PacketSpan, moment: Fraction, lasts: Fraction | None) -> None:
    end = moment + (lasts or 0)
    if span.start is None or end > span.end:
        span.end, span.end_known = end, lasts is not None
    span.start = moment if span.start is None else min(span.start, moment)


def _time(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
