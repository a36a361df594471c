"""A copied cell: its frames out of the source file, described anew. No picture is decoded.

The index of a copied rendition is one object: a head with the init segment and where each cell stands, then a record
a cell that tells the bytes and times of its frames. A cell needs its head, which workers keep, its own record and
its own bytes of the source.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from sys import byteorder

import msgspec

from .boxes import IDENTITY, box, full_box, media_information, movie_extends, movie_header
from .cells import Cell

HEAD_BYTES = 64 << 10  # what is read of an index at first; the head of a usual film is within
FRAME_BYTES = 20  # of an index, for each frame: where, how large, how long, how much later it shows
_START_BYTES = 8  # of a record, for the cell's decode time
_NEAR = 32 << 10  # bytes between frames that are read along: a second of sound. More: more is read in vain

_TRUN = 0x1 | 0x4 | 0x100 | 0x200 | 0x800  # where the data is, first flags, durations, sizes, composition offsets
_TFHD = 0x20 | 0x20000  # default flags, addresses from the moof on
_KEYFRAME, _OTHER = 0x02000000, 0x01010000
_MOOF_BYTES = 8 + 16 + 8 + 20 + 20 + 24  # without its frames
_MOOF_FRAME_BYTES = 12


class Span(msgspec.Struct, frozen=True):
    """A run of bytes of the source."""

    start: int
    length: int


class IndexHead(msgspec.Struct, frozen=True, array_like=True):
    """What all cells of a copied rendition need."""

    init: bytes
    first_frames: bytes
    """The number of each cell's first frame, and at last how many there are; 4 bytes each."""

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.first_frames) // 4 - 1

    def frames(self, cell: int) -> range:
        """The frames of a cell."""
        return range(*struct.unpack_from(">II", self.first_frames, 4 * cell))


class CellFrames(msgspec.Struct, frozen=True):
    """The frames of one cell, in the order of decoding."""

    decode_time: int
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    durations: tuple[int, ...]
    compositions: tuple[int, ...]


def cell_bytes(frames: int, media: int) -> int:
    """How large a cell with so many frames of so many bytes is."""
    return _MOOF_BYTES + _MOOF_FRAME_BYTES * frames + 8 + media


def write_index(
    init: bytes,
    first_frames: Sequence[int],
    decode_times: Sequence[int],
    offsets: array[int],
    columns: Sequence[array[int]],
) -> bytes:
    """An index. `first_frames` ends with their number; `columns` are sizes, durations and compositions."""
    head = msgspec.msgpack.encode(IndexHead(init, struct.pack(f">{len(first_frames)}I", *first_frames)))
    wide, narrow = _big_endian(offsets), [_big_endian(column) for column in columns]
    parts = [struct.pack(">I", len(head)), head]
    for decode_time, first, stop in zip(decode_times, first_frames, first_frames[1:], strict=False):
        parts += [struct.pack(">Q", decode_time), wide[8 * first : 8 * stop]]
        parts += [column[4 * first : 4 * stop] for column in narrow]
    return b"".join(parts)


def head_length(data: bytes) -> int:
    """How many bytes of an index its head takes, by the first four."""
    length: int = struct.unpack_from(">I", data)[0]
    return 4 + length


def read_head(data: bytes) -> IndexHead:
    """The head, out of at least its bytes."""
    return msgspec.msgpack.decode(data[4 : head_length(data)], type=IndexHead)


def record_span(head: IndexHead, length: int, cell: int) -> Span:
    """Where the record of a cell lies in an index whose head takes so many bytes."""
    frames = head.frames(cell)
    start = length + _START_BYTES * cell + FRAME_BYTES * frames.start
    return Span(start, _START_BYTES + FRAME_BYTES * len(frames))


def read_record(record: bytes) -> CellFrames:
    """The frames of a cell."""
    count = (len(record) - _START_BYTES) // FRAME_BYTES
    numbers = struct.unpack(f">Q{count}Q{3 * count}I", record)
    columns = [numbers[1 + place * count : 1 + (place + 1) * count] for place in range(4)]
    return CellFrames(numbers[0], *columns)


def beginning(frames: CellFrames, count: int) -> CellFrames:
    """The first of these frames, so many at most; the first is a keyframe."""
    columns = (frames.offsets, frames.sizes, frames.durations, frames.compositions)
    return CellFrames(frames.decode_time, *(column[:count] for column in columns))


def spans(frames: CellFrames) -> list[Span]:
    """The bytes of the source to read: those of the frames, and what little lies between."""
    found: list[Span] = []
    for start, size in sorted(zip(frames.offsets, frames.sizes, strict=True)):
        last = found[-1] if found else None
        if last is not None and start <= last.start + last.length + _NEAR:
            found[-1] = Span(last.start, max(last.length, start + size - last.start))
        else:
            found.append(Span(start, size))
    return found


def assemble(rendition: str, index: int, head: IndexHead, frames: CellFrames, read: Mapping[Span, bytes]) -> Cell:
    """The cell, out of the bytes of its spans."""
    media = b"".join(_cut(read, start, size) for start, size in zip(frames.offsets, frames.sizes, strict=True))
    moof = _moof(index, frames)
    return Cell(
        rendition=rendition,
        index=index,
        init=head.init,
        data=moof + box(b"mdat", media),
        keyframe_bytes=len(moof) + 8 + frames.sizes[0],
        samples=len(frames.sizes),
    )


def _cut(read: Mapping[Span, bytes], start: int, size: int) -> bytes:
    for span, data in read.items():
        if span.start <= start and start + size <= span.start + span.length:
            return data[start - span.start : start - span.start + size]
    raise LookupError(f"{size} bytes at {start} were not read")


def _moof(index: int, frames: CellFrames) -> bytes:
    count = len(frames.sizes)
    size = _MOOF_BYTES + _MOOF_FRAME_BYTES * count
    table = array("I")
    for numbers in zip(frames.durations, frames.sizes, frames.compositions, strict=True):
        table.extend(numbers)
    return box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", index + 1)),
        box(
            b"traf",
            full_box(b"tfhd", 0, _TFHD, struct.pack(">II", 1, _OTHER)),
            full_box(b"tfdt", 1, 0, struct.pack(">Q", frames.decode_time)),
            full_box(b"trun", 0, _TRUN, struct.pack(">IiI", count, size + 8, _KEYFRAME), _big_endian(table)),
        ),
    )


def copied_init(
    width: int, height: int, timescale: int, shift: int, configuration: bytes, colour: bytes = b""
) -> bytes:
    """The init segment of an H.264 track; `shift`: ticks that its frames are shown earlier than they say."""
    kind = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"avc1", b"mp41")
    track = _track(width, height, timescale, shift, configuration, colour)
    return kind + box(b"moov", movie_header(timescale), track, movie_extends())


def _track(width: int, height: int, timescale: int, shift: int, configuration: bytes, colour: bytes) -> bytes:
    enabled_in_movie, undetermined = 0x3, 0x55C4
    header = full_box(
        b"tkhd", 0, enabled_in_movie, struct.pack(">IIIII", 0, 0, 1, 0, 0), bytes(16), IDENTITY,
        struct.pack(">II", width << 16, height << 16),
    )  # fmt: skip
    at_normal_speed = 0x10000
    edit = full_box(b"elst", 0, 0, struct.pack(">IIiI", 1, 0, shift, at_normal_speed))
    media_header = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, undetermined, 0))
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"VideoHandler\0")
    information = _information(width, height, configuration, colour)
    edits = [box(b"edts", edit)] if shift else []
    return box(b"trak", header, *edits, box(b"mdia", media_header, handler, information))


def _information(width: int, height: int, configuration: bytes, colour: bytes) -> bytes:
    dots_per_inch = 72 << 16
    entry = box(
        b"avc1", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HHIIIH", width, height, dots_per_inch,
        dots_per_inch, 0, 1), bytes(32), struct.pack(">Hh", 24, -1), box(b"avcC", configuration), colour,
    )  # fmt: skip
    return media_information(full_box(b"vmhd", 0, 1, bytes(8)), entry)


def _big_endian(numbers: array[int]) -> bytes:
    if byteorder == "little":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()
