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
    entered: Fraction | None = None
    """Where the look at the end entered the stream: its first packet behind those of the head."""
    shown_after: Fraction | None = None
    """The least time from decoding a packet to showing it, of those that name both."""


async def packet_spans(
    lines: asyncio.StreamReader, wanted: set[int] | None = None, head: int = HEAD_PACKETS
) -> dict[int, PacketSpan]:
    """Read `index,pts,dts,duration,flags` lines to the end; memory does not grow with their number.

    `wanted`: streams; None: all. The first `head` packets are those of the look at the beginning. A stream none of
    whose packets is shown is left out.
    """
    spans: dict[int, PacketSpan] = {}
    packets = 0
    async for line in lines:
        fields = line.decode("ascii", "replace").strip().split(",")
        if len(fields) < 5 or not fields[0].isdigit():
            continue
        packets += 1
        if wanted is not None and int(fields[0]) not in wanted:
            continue
        span = spans.get(int(fields[0]))
        shown, decoded = _time(fields[1]), _time(fields[2])
        moment = shown if shown is not None else _shown_at(decoded, span)
        if moment is None:
            continue
        span = span or spans.setdefault(int(fields[0]), PacketSpan(first=moment))
        if shown is not None and decoded is not None:
            delay = shown - decoded
            span.shown_after = delay if span.shown_after is None else min(span.shown_after, delay)
        span.first = min(span.first, moment)
        if packets > head and span.entered is None:
            span.entered = moment
        if "D" not in fields[4]:  # an edit list hides packets that are marked so
            _extend(span, moment, _time(fields[3]))
    return {index: span for index, span in spans.items() if span.start is not None}


def _shown_at(decoded: Fraction | None, span: PacketSpan | None) -> Fraction | None:
    """When a packet that names only its decoding is shown: most of an MPEG program stream's are such."""
    return None if decoded is None else decoded + ((span and span.shown_after) or 0)


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
