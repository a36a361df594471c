"""One MP4 file out of the cells of a rendition and of the sound: its header, and which bytes of which cells follow.

The file is a view: nothing of it but the header is made, and any part of it can be read for itself. It has the
frames and times of the fragments, in the classic form that every program opens (ISO/IEC 14496-12, `moov` first).
Memory: about 20 bytes a frame.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from fractions import Fraction
from sys import byteorder

import msgspec

from .boxes import IDENTITY, BadFragment, Fragment, box, edit_shift, find_boxes, full_box

BOX_HEADER_BYTES = 8
_WIDE = 1  # version of boxes with 64 bit times: 32 bits at 90 kHz end after 13 hours
_LARGE_MDAT = struct.Struct(">I4sQ")


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """The frames of one cell: where they lie in its object."""

    rendition: str
    index: int
    offset: int
    length: int


class Layout(msgspec.Struct, frozen=True):
    """A file: these bytes, then these pieces in this order."""

    head: bytes
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.head) + sum(piece.length for piece in self.pieces)


class Track:
    """What the cells of one rendition tell of their frames, cell by cell from the first on."""

    def __init__(self, rendition: str, init: bytes) -> None:
        self.rendition = rendition
        self.pieces: list[Piece] = []
        self._init = init
        self._places = find_boxes(init, 0, len(init))
        self._shift = edit_shift(init)
        self.timescale = _clock_of(self._payload(b"mdhd"))
        self._first_tick = 0
        self._durations = _Runs()
        self._offsets = _Runs()
        self._counts: list[int] = []  # frames a cell
        self._sizes = array("I")
        self._keyframes = array("I")

    def add(self, head: bytes) -> None:
        """Takes the next cell, by its first bytes: the `moof` and the header of the `mdat`.

        Raises BadFragment, also where `head` is shorter than that.
        """
        size = struct.unpack_from(">I", head)[0] if len(head) >= BOX_HEADER_BYTES else 0
        start = size + BOX_HEADER_BYTES
        if not 0 < start <= len(head) or head[size + 4 : start] != b"mdat":
            raise BadFragment("the first bytes of a cell are not its description")
        fragment = Fragment(head[:size])
        if not self.pieces:
            self._first_tick = fragment.decode_time
        elif fragment.decode_time != self._first_tick + self._durations.total:
            raise BadFragment(f"cell {len(self.pieces)} of {self.rendition} does not follow the one before")
        for sample in fragment.list_samples():
            self._durations.append(sample.duration)
            self._offsets.append(sample.offset)
            self._sizes.append(sample.size)
            if sample.keyframe:
                self._keyframes.append(len(self._sizes))
        length = struct.unpack_from(">I", head, size)[0] - BOX_HEADER_BYTES
        self._counts.append(fragment.samples)
        self.pieces.append(Piece(self.rendition, len(self.pieces), start, length))

    @property
    def end(self) -> Fraction:
        """Seconds at which its last frame ends."""
        return Fraction(self._first_tick + self._durations.total, self.timescale)

    def box(self, number: int, timescale: int, places: Sequence[int]) -> bytes:
        """Its `trak`, as track `number` of a movie of that timescale; `places` are its pieces' in the file."""
        header = self._payload(b"tkhd")
        if header[0] == _WIDE:
            raise BadFragment("a track header of another version")
        kind = next((name for name in (b"vmhd", b"smhd") if name in self._places), None)
        if kind is None:
            raise BadFragment("a track of neither picture nor sound")
        return box(
            b"trak",
            _wide_header(b"tkhd", header, number, round(self.end * timescale)),
            box(b"edts", self._edits(timescale)),
            box(
                b"mdia",
                full_box(b"mdhd", _WIDE, 0, bytes(16), struct.pack(">IQ", self.timescale, self._durations.total),
                         self._payload(b"mdhd")[-4:]),
                self._whole(b"hdlr"),
                box(b"minf", self._whole(kind), self._whole(b"dinf"), self._table(places)),
            ),
        )  # fmt: skip

    def _edits(self, timescale: int) -> bytes:
        """Nothing until the first frame's time; then the frames, less what B-frames delay the first one by."""
        at_normal_speed = 0x10000
        entries = []
        if self._first_tick:
            late = round(Fraction(self._first_tick * timescale, self.timescale))
            entries.append(struct.pack(">QqI", late, -1, at_normal_speed))
        length = round(Fraction(self._durations.total * timescale, self.timescale))
        entries.append(struct.pack(">QqI", length, self._shift, at_normal_speed))
        return full_box(b"elst", _WIDE, 0, struct.pack(">I", len(entries)), *entries)

    def _table(self, places: Sequence[int]) -> bytes:
        tables = [
            self._whole(b"stsd"),
            full_box(b"stts", 0, 0, self._durations.packed()),
            full_box(b"stsc", 0, 0, _chunk_runs(self._counts)),
            full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(self._sizes)), _big_endian(self._sizes)),
            full_box(b"co64", 0, 0, struct.pack(f">I{len(places)}Q", len(places), *places)),
        ]
        if not self._offsets.is_zero:
            tables.append(full_box(b"ctts", 0, 0, self._offsets.packed()))
        if len(self._keyframes) < len(self._sizes):
            count = struct.pack(">I", len(self._keyframes))
            tables.append(full_box(b"stss", 0, 0, count, _big_endian(self._keyframes)))
        return box(b"stbl", *tables)

    def _payload(self, kind: bytes) -> bytes:
        try:
            start, end = self._places[kind]
        except KeyError:
            raise BadFragment(f"an initialization segment without {kind!r}") from None
        return self._init[start:end]

    def _whole(self, kind: bytes) -> bytes:
        return box(kind, self._payload(kind))


def lay_out(tracks: Sequence[Track]) -> Layout:
    """The file of these tracks, their pieces interleaved cell by cell; the first track is the main one."""
    # by their place in the film, for a copied rendition has fewer cells than the sound
    placed = [(piece.index / len(track.pieces), piece) for track in tracks for piece in track.pieces]
    pieces = tuple(piece for _, piece in sorted(placed, key=lambda place: place[0]))
    media = sum(piece.length for piece in pieces)
    blank = _head(tracks, pieces, 0, media)
    return Layout(_head(tracks, pieces, len(blank), media), pieces)


class _Runs:
    """Numbers, most of them like the one before: [how many, which]."""

    def __init__(self) -> None:
        self._numbers = array("I")  # B-frames make nearly every run one of one
        self.total = 0

    @property
    def is_zero(self) -> bool:
        """Whether all of them are 0."""
        return not any(self._numbers[1::2])

    def append(self, value: int) -> None:
        self.total += value
        if self._numbers and self._numbers[-1] == value:
            self._numbers[-2] += 1
        else:
            self._numbers.extend((1, value))

    def packed(self) -> bytes:
        return struct.pack(">I", len(self._numbers) // 2) + _big_endian(self._numbers)


def _head(tracks: Sequence[Track], pieces: Sequence[Piece], start: int, media: int) -> bytes:
    places: dict[str, list[int]] = {track.rendition: [] for track in tracks}
    for piece in pieces:
        places[piece.rendition].append(start)
        start += piece.length
    timescale = tracks[0].timescale
    end = round(max(track.end for track in tracks) * timescale)
    movie = full_box(
        b"mvhd", _WIDE, 0, bytes(16), struct.pack(">IQ", timescale, end),
        struct.pack(">IHHII", 0x10000, 0x100, 0, 0, 0), IDENTITY, bytes(24), struct.pack(">I", len(tracks) + 1),
    )  # fmt: skip
    boxes = (track.box(number, timescale, places[track.rendition]) for number, track in enumerate(tracks, start=1))
    kind = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso2", b"avc1", b"mp41")
    return kind + box(b"moov", movie, *boxes) + _LARGE_MDAT.pack(1, b"mdat", _LARGE_MDAT.size + media)


def _clock_of(header: bytes) -> int:
    """Ticks a second, by an `mdhd` box; what was stored may have rotted."""
    at = 20 if header[:1] == bytes([_WIDE]) else 12
    ticks = int.from_bytes(header[at : at + 4])
    if ticks == 0:
        raise BadFragment("a track without a clock")
    return ticks


def _wide_header(kind: bytes, narrow: bytes, number: int, duration: int) -> bytes:
    """A `tkhd` with 64 bit times from one with 32 bit; what follows the times stays."""
    flags = int.from_bytes(narrow[1:4])
    return full_box(kind, _WIDE, flags, bytes(16), struct.pack(">IIQ", number, 0, duration), narrow[24:])


def _chunk_runs(counts: Sequence[int]) -> bytes:
    """`stsc`: each cell is a chunk; only where the number of frames changes there is an entry."""
    entries = [
        struct.pack(">III", chunk, count, 1)
        for chunk, count in enumerate(counts, start=1)
        if chunk == 1 or count != counts[chunk - 2]
    ]
    return struct.pack(">I", len(entries)) + b"".join(entries)


def _big_endian(numbers: array[int]) -> bytes:
    if byteorder == "little":
        numbers = array("I", numbers)
        numbers.byteswap()
    return numbers.tobytes()
