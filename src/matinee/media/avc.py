"""What an H.264 stream says of itself: its decoder configuration, its sequence parameters, the kind of a picture.

ISO/IEC 14496-15 (`avcC`) and ITU-T H.264, 7.3.2.1. Garbage gives BadParameters, whatever its shape.
"""

from __future__ import annotations

import struct

import msgspec

_SEQUENCE = 7
_IDR = 5
_PICTURES = range(1, 6)  # units that hold a slice of a picture
_WITH_CHROMA = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128))  # profiles that say how colour is sampled
_LONGEST_CODE = 32  # bits of an Exp-Golomb number


class BadParameters(Exception):
    """The bytes are no H.264 parameters."""


class Configuration(msgspec.Struct, frozen=True):
    """What an `avcC` box holds."""

    profile: int
    compatibility: int
    level: int
    length_size: int
    """Bytes that tell the length of a unit."""
    sequences: tuple[bytes, ...]

    @property
    def codecs(self) -> str:
        """RFC 6381."""
        return f"avc1.{self.profile:02x}{self.compatibility:02x}{self.level:02x}"


class Sequence(msgspec.Struct, frozen=True):
    """What matters of the sequence parameters."""

    profile: int
    chroma: int
    """1 is 4:2:0."""
    depth: int
    """Bits of the deeper of brightness and colour."""
    progressive: bool
    """Whether every picture is a whole frame."""


def read_configuration(avcc: bytes) -> Configuration:
    """The payload of an `avcC` box."""
    try:
        version, profile, compatibility, level, sizes, count = avcc[:6]
        if version != 1:
            raise BadParameters("another version of avcC")
        at, sequences = 6, []
        for _ in range(count & 0x1F):
            (size,) = struct.unpack_from(">H", avcc, at)
            sequences.append(avcc[at + 2 : at + 2 + size])
            at += 2 + size
    except (ValueError, struct.error) as error:
        raise BadParameters("avcC is cut off") from error
    if at > len(avcc):
        raise BadParameters("avcC is cut off")
    return Configuration(profile, compatibility, level, (sizes & 3) + 1, tuple(sequences))


def read_sequence(unit: bytes) -> Sequence:
    """A sequence parameter set, as a unit without its length."""
    if len(unit) < 4 or unit[0] & 0x1F != _SEQUENCE:
        raise BadParameters("no sequence parameters")
    profile = unit[1]
    bits = _Bits(unit[4:].replace(b"\0\0\3", b"\0\0"))  # without the bytes that keep start codes out
    bits.number()  # its id
    chroma, depth = 1, 8
    if profile in _WITH_CHROMA:
        chroma, depth = _colour(bits)
    bits.number()  # log2 of the largest frame number
    order = bits.number()
    if order == 0:
        bits.number()
    elif order == 1:
        bits.take(1)
        for _ in range(2):
            bits.number()
        for _ in range(min(bits.number(), 255)):
            bits.number()
    bits.number()  # reference frames
    bits.take(1)
    for _ in range(2):
        bits.number()  # width and height in macroblocks
    return Sequence(profile, chroma, depth, progressive=bits.take(1) == 1)


def _colour(bits: _Bits) -> tuple[int, int]:
    chroma = bits.number()
    if chroma == 3:
        bits.take(1)
    depth = 8 + max(bits.number(), bits.number())
    bits.take(1)
    if bits.take(1):  # scaling matrices
        for place in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling(bits, 16 if place < 6 else 64)
    return chroma, depth


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.number()
            following = (last + (code + 1) // 2 * (1 if code & 1 else -1)) % 256
        last = following or last


def begins_anew(sample: bytes) -> bool:
    """Whether the first picture in these first bytes of a sample is an IDR: one that nothing before it is needed for.

    The units have lengths of four bytes. False also where the bytes end before a picture.
    """
    at = 0
    while at + 5 <= len(sample):
        size, kind = int.from_bytes(sample[at : at + 4]), sample[at + 4] & 0x1F
        if kind in _PICTURES:
            return kind == _IDR
        if size == 0:
            return False
        at += 4 + size
    return False


class _Bits:
    """Reads bit by bit; parameters are short."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise BadParameters("parameters are cut off")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def number(self) -> int:
        """An unsigned Exp-Golomb number."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _LONGEST_CODE:
                raise BadParameters("a number without end")
        return (1 << zeros) - 1 + self.take(zeros)
