"""Whether the clock of a recording begins anew on the way, as in recordings joined byte by byte.

FFmpeg takes such a file for as long as its head or its end says, and plays one of the parts. In MPEG transport
streams (PCR: ISO/IEC 13818-1, 2.4.3.5) and in FLV (Adobe's FLV 10.1, E.4.1) the clock stands beside the media, so a
few looks into the file tell, whatever its length.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
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
_FLV_TAG = re.compile(rb"[\x08\x09\x12].{7}\0{3}", re.DOTALL)  # sound, picture or data, of the one stream
_FLV_HEAD, _FLV_TAIL = 11, 4  # bytes around what a tag holds
_TICKS_OF_FLV = 90  # a millisecond

Clocks = Callable[[bytes], Iterator[tuple[int, int]]]
"""Of a piece of a file: which clock, and what it says in ticks of 90 kHz."""


async def clock_restarts(container: str, read: Read, size: int) -> bool:
    """Whether a clock goes back anywhere; `read` gives bytes of the file, of which it has `size`."""
    read_clocks = _CLOCKS.get(container)
    if read_clocks is None:
        return False
    last = size - LOOK_BYTES
    step = max(LOOK_BYTES, last // (LOOKS - 1))  # they must not overlap: what is seen twice seems to begin anew
    starts = range(0, size, LOOK_BYTES) if step == LOOK_BYTES else range(0, last + 1, step)
    looks = await asyncio.gather(*(read(start, LOOK_BYTES) for start in starts))

    def any_goes_back() -> bool:
        clocks: dict[int, list[int]] = {}
        for data in looks:
            for program, clock in read_clocks(data):
                clocks.setdefault(program, []).append(clock)
        return any(goes_back(times) for times in clocks.values())

    return await asyncio.to_thread(any_goes_back)


def read_transport_clocks(data: bytes) -> Iterator[tuple[int, int]]:
    """The clocks within a piece of a transport stream, by packet identifier; it ends where packets do."""
    at, stride = _first_packet(data)
    while stride and at + _PACKET_BYTES <= len(data) and data[at] == _SYNC:
        has_field, length, flags = data[at + 3] & 0x20, data[at + 4], data[at + 5]
        if has_field and length >= 7 and flags & 0x10:
            program, ticks = data[at + 1 : at + 3], data[at + 6 : at + 11]
            yield int.from_bytes(program, "big") & 0x1FFF, int.from_bytes(ticks, "big") >> 7
        at += stride


def read_flv_clocks(data: bytes) -> Iterator[tuple[int, int]]:
    """The one clock of an FLV within a piece of it. A tag counts where its size stands behind it again."""
    found = _FLV_TAG.search(data)
    while found:
        at = found.start()
        size = _FLV_HEAD + int.from_bytes(data[at + 1 : at + 4], "big")
        end = at + size
        is_tag = data[end : end + _FLV_TAIL] == size.to_bytes(_FLV_TAIL, "big")
        if is_tag:
            yield 0, int.from_bytes(data[at + 7 : at + 8] + data[at + 4 : at + 7], "big") * _TICKS_OF_FLV
        found = _FLV_TAG.search(data, end + _FLV_TAIL if is_tag else at + 1)


_CLOCKS: dict[str, Clocks] = {"mpegts": read_transport_clocks, "flv": read_flv_clocks}


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
