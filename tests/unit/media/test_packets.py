"""The extent of a source's streams, from ffprobe's list of packets."""

from __future__ import annotations

import asyncio
from fractions import Fraction

from matinee.media.packets import PacketSpan, packet_spans


async def span_of(*lines: str) -> PacketSpan:
    """What is read of the first stream."""
    reader = asyncio.StreamReader()
    reader.feed_data("".join(f"{line}\n" for line in lines).encode())
    reader.feed_eof()
    return (await packet_spans(reader, {0}))[0]


class TestSpans:
    async def test_it_reaches_from_the_first_shown_to_the_end_of_the_last(self) -> None:
        """Packets come in the order of decoding; those that an edit list hides are not shown."""
        span = await span_of(
            "0,-0.04,-0.04,0.04,KD_", "0,0.00,0.00,0.04,K__", "0,0.12,0.04,0.04,___", "0,0.04,0.08,0.04,___"
        )
        assert (span.first, span.start, span.end) == (Fraction("-0.04"), 0, Fraction("0.16"))
        assert span.end_known

    async def test_packets_that_name_only_their_decoding_are_shown_as_late_as_others(self) -> None:
        """As in an MPEG program stream: else its last picture would be left out."""
        span = await span_of("0,0.54,0.50,0.04,K__", "0,0.58,0.54,0.04,___", "0,N/A,0.58,0.04,___")
        assert (span.start, span.end) == (Fraction("0.54"), Fraction("0.66"))

    async def test_lines_that_say_nothing_are_passed_over(self) -> None:
        """Other streams, no times at all, and what is no packet."""
        span = await span_of("1,0,0,9,K__", "0,N/A,N/A,0.04,K__", "", "x", "0,x,y,z,K__", "0,1,1,N/A,K__")
        assert (span.start, span.end, span.end_known) == (1, 1, False)

    async def test_it_tells_where_the_look_at_the_end_entered(self) -> None:
        """The first packet of each stream behind those of the head, whatever stream these were of."""
        head = [f"{n % 2},{n},{n},1,K__" for n in range(60)]
        span = await span_of(*head, "1,9,9,1,K__", "0,7,7,1,K__", "0,8,8,1,K__")
        assert span.entered == 7
        assert (await span_of(*head)).entered is None
