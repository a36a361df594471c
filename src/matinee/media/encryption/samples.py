"""Which bytes of a sample are encrypted, and their encryption (ISO/IEC 23001-7, 9 and 10).

A cell has some hundred samples: Python walks over units and subsamples, never over blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .model import BLOCK

_STRIDE = 10 * BLOCK  # cbcs, pictures: of ten blocks the first
_MOST_SUBSAMPLES = 40  # 8 + 2 + 6 × 40 bytes: more do not fit into the byte in which `saiz` tells their size
_MOST_CLEAR = 0xFFFF


class Units(NamedTuple):
    """How the samples of a picture consist of NAL units."""

    length_size: int
    """Bytes that tell the length of a unit."""
    is_hevc: bool

    @property
    def lead(self) -> int:
        """Bytes of a slice that stay clear: decoders that never see clear samples must read its header.

        Generous rather than counted out by parameter sets, bit by bit: a header of H.264 has some twenty bytes, one
        of HEVC, which tells there where its rows of blocks begin, a hundred. More would show more of small slices.
        """
        return 192 if self.is_hevc else 64

    def is_slice(self, first: int) -> bool:
        """Whether a unit that begins with this byte holds a part of a picture."""
        if self.is_hevc:
            return first >> 1 & 0x3F < 32
        kind = first & 0x1F
        return 1 <= kind <= 5 or 19 <= kind <= 21


class Subsample(NamedTuple):
    """Some clear bytes, and the protected ones behind them."""

    clear: int
    protected: int


def subsamples(media: bytearray, sample: range, units: Units, *, whole_blocks: bool) -> list[Subsample]:
    """All bytes of a picture, in order. With `whole_blocks`, what is protected is that many.

    Of more than can be told, the last are one: clear to where the next slice's lead ends, and nothing behind it.
    """
    grain = BLOCK if whole_blocks else 1
    found: list[Subsample] = []
    at = sample.start
    for clear, protected in _stretches(media, sample, units, grain):
        parts, end = _split(clear, protected), at + clear + protected
        if len(found) + len(parts) + (end < sample.stop) > _MOST_SUBSAMPLES:
            rest = sample.stop - at
            protected = rest - min(clear, _MOST_CLEAR - BLOCK)
            protected -= protected % grain
            return [*found, Subsample(rest - protected, protected)]
        found += parts
        at = end
    return found


def _stretches(media: bytearray, sample: range, units: Units, grain: int) -> Iterator[tuple[int, int]]:
    """Of each slice the clear bytes before what is protected of it, however many, and those; then what is left."""
    clear, at = 0, sample.start
    while at < sample.stop:
        head = at + units.length_size
        end = min(head + int.from_bytes(media[at:head]), sample.stop)
        protected = 0
        if end > head and units.is_slice(media[head]):
            protected = max(0, end - head - units.lead)
            protected -= protected % grain
        clear += end - at - protected
        if protected:
            yield clear, protected
            clear = 0
        at = end
    if clear:
        yield clear, 0


def _split(clear: int, protected: int) -> list[Subsample]:
    full, rest = divmod(clear, _MOST_CLEAR)
    return [*[Subsample(_MOST_CLEAR, 0)] * full, Subsample(rest, protected)]


def encrypt_counting(media: bytearray, at: int, parts: Sequence[Subsample], key: bytes, iv: bytes) -> None:
    """`cenc`: in place, what is protected of a sample, one stream from its first byte to its last."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv + bytes(BLOCK - len(iv)))).encryptor()
    for clear, protected in parts:
        at += clear
        media[at : at + protected] = encryptor.update(memoryview(media)[at : at + protected])
        at += protected


def encrypt_pattern(media: bytearray, at: int, parts: Sequence[Subsample], key: bytes, iv: bytes) -> None:
    """`cbcs`: in place, one block of ten of what is protected; each subsample is a chain of its own."""
    for clear, protected in parts:
        at += clear
        count = -(-(protected - BLOCK + 1) // _STRIDE)  # a block at the end that is not whole stays clear
        if count > 0:
            blocks = bytearray(count * BLOCK)
            places = [slice(at + byte, at + byte + (count - 1) * _STRIDE + 1, _STRIDE) for byte in range(BLOCK)]
            for byte, place in enumerate(places):
                blocks[byte::BLOCK] = media[place]
            blocks[:] = _chained(blocks, key, iv)
            for byte, place in enumerate(places):
                media[place] = blocks[byte::BLOCK]
        at += protected


def encrypt_blocks(media: bytearray, sample: range, key: bytes, iv: bytes) -> None:
    """`cbcs`, sounds: in place, all blocks of a sample that are whole."""
    end = sample.stop - len(sample) % BLOCK
    media[sample.start : end] = _chained(memoryview(media)[sample.start : end], key, iv)


def _chained(blocks: bytearray | memoryview, key: bytes, iv: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor().update(blocks)
