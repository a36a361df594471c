"""Whether the clock of an MPEG transport stream begins anew on the way, as in recordings joined byte by byte.

FFmpeg takes such a file for as long as its end says, and plays one of the parts. The clock (PCR) stands in the
packets themselves (ISO/IEC 13818-1, 2.4.3.5), so a few looks into the file tell, whatever its length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

from .sample_tables import Read

LOOKS = 16
"""All over the file, its ends included. A part that is shorter than their distance may be missed."""
LOOK_BYTES = 256 * 1024  # a tenth of a second of 20 Mbit/s: no clock is read less often

_SYNC = 0x47
_PACKET_BYTES = 188
_STRIDES = (_PACKET_BYTES, 192)  # camcorders put four bytes in front of each packet
_ROUND = 1 << 33  # ticks; then the clock runs over, every 26 hours
_BACK = 45_000  # ticks of 90 kHz: half a second


async def clock_restarts(read: Read, size: int) -> bool:
    """Whether a clock goes back anywhere; `read` gives bytes of the file, of which it has `size`."""
    last = size - LOOK_BYTES
    step = max(LOOK_BYTES, last // (LOOKS - 1))  # they must not overlap: what is seen twice seems to begin anew
    starts = range(0, size, LOOK_BYTES) if step == LOOK_BYTES else range(0, last + 1, step)
    looks = await asyncio.gather(*(read(start, LOOK_BYTES) for start in starts))
    clocks: dict[int, list[int]] = {}
    for data in looks:
        for program, clock in read_clocks(data):
            clocks.setdefault(program, []).append(clock)
    return any(goes_back(times) for times in clocks.values())


def read_clocks(data: bytes) -> Iterator[tuple[int, int]]:
    """The clocks within a piece of the file, as (packet identifier, ticks); it ends where packets do."""
    at, stride = _first_packet(data)
    while stride and at + _PACKET_BYTES <= len(data) and data[at] == _SYNC:
        has_field, length, flags = data[at + 3] & 0x20, data[at + 4], data[at + 5]
        if has_field and length >= 7 and flags & 0x10:
            program, ticks = data[at + 1 : at + 3], data[at + 6 : at + 11]
            yield int.from_bytes(program, "big") & 0x1FFF, int.from_bytes(ticks, "big") >> 7
        at += stride


def goes_back(clocks: list[int]) -> bool:
    """Whether two that follow each other lie behind the two before them: one alone may be damaged."""
    pairs = [*pairwise(clocks)]
    return any(
        max(_ahead(before, first), _ahead(last, first), _ahead(last, second)) < -_BACK
        for (before, last), (first, second) in zip(pairs, pairs[2:], strict=False)
    )


def _first_packet(data: bytes) -> tuple[int, int]:
    """Where a row of packets begins, and how far they are apart; nowhere is (0, 0)."""
    for stride in _STRIDES:
        for at in range(min(stride, len(data) - 2 * stride)):
            if data[at] == data[at + stride] == data[at + 2 * stride] == _SYNC:
                return at, stride
    return 0, 0


def _ahead(earlier: int, later: int) -> int:
    """Ticks from one to the other the shorter way around."""
    half = _ROUND // 2
    return (later - earlier + half) % _ROUND - half
