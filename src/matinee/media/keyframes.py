"""Keyframes as FFmpeg reads them one after the other: out of the prefix of a cell into an H.264 byte stream.

The prefix ends in the middle of the cell's `mdat`, so it is no file by itself, and several of them cannot be joined
to one. As a byte stream (ISO/IEC 14496-10, annex B) they can: each brings its parameter sets along.
"""

from __future__ import annotations

import struct

from .boxes import BadFragment

_START_CODE = b"\0\0\0\1"
_LENGTH = struct.Struct(">I")
_SHORT = struct.Struct(">H")


def keyframe_stream(init: bytes, prefix: bytes) -> bytes:
    """The byte stream of one picture.

    `init` is the rendition's init segment, `prefix` the first `keyframe_bytes` of one of its cells. Raises
    BadFragment where they are something else.
    """
    try:
        parameters, length_size = _parameter_sets(init)
        units = _units(prefix, length_size)
    except (struct.error, IndexError) as error:
        raise BadFragment("a keyframe is cut off") from error
    return b"".join(_START_CODE + unit for unit in (*parameters, *units))


def _parameter_sets(init: bytes) -> tuple[list[bytes], int]:
    """The units that tell how to decode, and how many bytes tell the length of a unit in a cell."""
    at = init.find(b"avcC") + 4
    if at < 8:
        raise BadFragment("an init segment without avcC")
    length_size = (init[at + 4] & 3) + 1
    sets: list[bytes] = []
    at += 5
    for mask in (0x1F, 0xFF):  # sequence parameter sets, then picture parameter sets
        count = init[at] & mask
        at += 1
        for _ in range(count):
            (size,) = _SHORT.unpack_from(init, at)
            sets.append(init[at + 2 : at + 2 + size])
            at += 2 + size
    return sets, length_size


def _units(prefix: bytes, length_size: int) -> list[bytes]:
    if length_size != _LENGTH.size or prefix[4:8] != b"moof":
        raise BadFragment("not a cell of ours")
    at = _LENGTH.unpack_from(prefix)[0] + 8  # behind the moof and the header of the mdat
    units: list[bytes] = []
    while at < len(prefix):
        (size,) = _LENGTH.unpack_from(prefix, at)
        at += _LENGTH.size
        if size == 0 or at + size > len(prefix):
            raise BadFragment("a unit reaches past the keyframe")
        units.append(prefix[at : at + size])
        at += size
    return units
