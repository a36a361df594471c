"""ISO BMFF: cut FFmpeg's fragmented stream into an init segment and cells, and place each cell on the grid.

FFmpeg numbers and times a chunk as if it were a whole film. Here its fragments get the sequence number and the
decode time they have in the real one, and what was promised of them is checked: one keyframe, first and shown at
the cell's start; every frame there. Garbage gives BadFragment, whatever its shape, and memory is bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from .cells import Cell
from .model import Grid

MAX_BOX_BYTES = 96 << 20  # a cell of 2160p60 at its cap is a tenth of it

IDENTITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The matrix of a picture that is shown as it is."""

_HEADER = struct.Struct(">I4s")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_CONTAINERS = frozenset((b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"))
_DROPPED = frozenset((b"styp", b"sidx", b"mfra", b"free", b"emsg", b"prft"))

_TFHD_BASE_OFFSET, _TFHD_DESCRIPTION = 0x1, 0x2
_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS = 0x8, 0x10, 0x20
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS = 0x100, 0x200, 0x400, 0x800
_SAMPLE_IS_NO_KEYFRAME = 0x10000


class BadFragment(Exception):
    """The bytes are not the fragmented MP4 that was asked of FFmpeg."""


class MisplacedFragment(BadFragment):
    """A fragment is sound, but does not hold the frames of its cell: the source was entered at the wrong place."""


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box of that kind with its parts joined."""
    size = 8 + sum(map(len, payload))
    return b"".join((_HEADER.pack(size, kind), *payload))


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A box that starts with a version and 24 flags."""
    return box(kind, _U32.pack(version << 24 | flags), *payload)


def movie_header(timescale: int = 1000) -> bytes:
    """The `mvhd` box of a file whose tracks say for themselves how long they are."""
    times = struct.pack(">IIII", 0, 0, timescale, 0)
    return full_box(
        b"mvhd", 0, 0, times, struct.pack(">IHHII", 0x10000, 0x100, 0, 0, 0), IDENTITY, bytes(24), b"\0\0\0\2"
    )


def movie_extends() -> bytes:
    """The `mvex` box of a file of one track, whose samples come in fragments."""
    return box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))


def media_information(header: bytes, entry: bytes) -> bytes:
    """The `minf` box of such a track: its kind's header, its sample entry, and no sample."""
    in_this_file = 0x1
    one = b"\0\0\0\1"
    reference = full_box(b"dref", 0, 0, one, full_box(b"url ", 0, in_this_file))
    tables = box(
        b"stbl",
        full_box(b"stsd", 0, 0, one, entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    return box(b"minf", header, box(b"dinf", reference), tables)


class Sample(NamedTuple):
    """One frame as a fragment lists it."""

    duration: int  # ticks
    size: int  # bytes
    offset: int  # ticks from decoding to showing
    keyframe: bool


class Fragment:
    """The parts of one `moof` that matter, and where they lie."""

    def __init__(self, moof: bytes) -> None:
        self.moof = bytearray(moof)
        places = find_boxes(moof, 8, len(moof))
        try:
            self._mfhd, self._tfhd, self._tfdt, self._trun = (
                places[kind] for kind in (b"mfhd", b"tfhd", b"tfdt", b"trun")
            )
        except KeyError as error:
            raise BadFragment(f"a fragment without {error.args[0]!r}") from error
        try:
            self._read()
        except struct.error as error:
            raise BadFragment("a fragment's tables are cut off") from error

    def _read(self) -> None:
        duration, size, sample_flags = self._defaults()
        at, end = self._trun
        flags = _U32.unpack_from(self.moof, at)[0] & 0xFFFFFF
        count: int = _U32.unpack_from(self.moof, at + 4)[0]
        at += 8 + 4 * bool(flags & _TRUN_DATA_OFFSET)
        first_flags = _U32.unpack_from(self.moof, at)[0] if flags & _TRUN_FIRST_FLAGS else None
        at += 4 * bool(flags & _TRUN_FIRST_FLAGS)
        fields = [field for field in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS) if flags & field]
        width = 4 * len(fields)
        if count == 0 or at + count * width > end:
            raise BadFragment(f"a fragment lists {count} samples in {end - at} bytes")
        values = struct.unpack_from(f">{count * len(fields)}I", self.moof, at)
        columns = {field: values[place :: len(fields)] for place, field in enumerate(fields)}
        self._durations = columns.get(_TRUN_DURATION, (duration,) * count)
        self._sizes = columns.get(_TRUN_SIZE, (size,) * count)
        self._offsets = columns.get(_TRUN_CTS, (0,) * count)
        self._flags = columns.get(_TRUN_FLAGS, (sample_flags,) * count)
        if first_flags is not None:
            self._flags = (first_flags, *self._flags[1:])
        self.samples = count
        self.duration = sum(self._durations)
        self.first_size, self.first_offset = self._sizes[0], self._offsets[0]

    def _defaults(self) -> list[int]:
        """Duration, size and flags of a sample that names none."""
        at = self._tfhd[0]
        flags = _U32.unpack_from(self.moof, at)[0] & 0xFFFFFF
        at += 8 + 8 * bool(flags & _TFHD_BASE_OFFSET) + 4 * bool(flags & _TFHD_DESCRIPTION)
        found = []
        for field in (_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS):
            found.append(_U32.unpack_from(self.moof, at)[0] if flags & field else 0)
            at += 4 * bool(flags & field)
        return found

    def list_samples(self) -> Iterator[Sample]:
        """Its frames in the order of decoding."""
        for duration, size, offset, flags in zip(
            self._durations, self._sizes, self._offsets, self._flags, strict=True
        ):
            yield Sample(duration, size, offset, not flags & _SAMPLE_IS_NO_KEYFRAME)

    @property
    def decode_time(self) -> int:
        """Ticks of the first sample's decode time."""
        at = self._tfdt[0]
        codec = _U64 if self.moof[at] == 1 else _U32
        return int(codec.unpack_from(self.moof, at + 4)[0])

    def place(self, sequence: int, decode_time: int) -> bytes:
        """The `moof` with another sequence number and decode time."""
        at = self._tfdt[0]
        if self.moof[at] != 1:
            raise BadFragment("a 32 bit decode time cannot hold a long film")
        _U32.pack_into(self.moof, self._mfhd[0] + 4, sequence)
        _U64.pack_into(self.moof, at + 4, decode_time)
        return bytes(self.moof)


class CellSplitter:
    """Takes one rendition's stream of one chunk, in pieces of any size, and gives its cells.

    `expected_init` is the SHA-256 of the initialization segment that stored cells of the rendition rest on, as
    hexadecimal digits; a stream with another one is refused.
    """

    def __init__(self, rendition: str, grid: Grid, cells: range, expected_init: str | None = None) -> None:
        self._rendition = rendition
        self._grid = grid
        self._cells = iter(cells)
        self._origin = grid.first_frame(cells.start) * grid.frame_ticks
        self._expected_init = expected_init
        self._pending = bytearray()
        self._ftyp = b""
        self._init = b""
        self._shift = 0
        self._fragment: Fragment | None = None

    def feed(self, data: bytes) -> list[Cell]:
        """The cells that these bytes complete."""
        self._pending += data
        cells: list[Cell] = []
        while (found := self._next_box()) is not None:
            kind, whole = found
            cell = self._take(kind, whole)
            if cell is not None:
                cells.append(cell)
        return cells

    def close(self) -> None:
        """Say that the stream has ended. Raises MisplacedFragment when cells are missing."""
        if self._pending or self._fragment is not None:
            raise BadFragment("the stream ends inside a box")
        missing = next(self._cells, None)
        if missing is not None:
            raise MisplacedFragment(f"{self._rendition} ends before cell {missing}")

    def _next_box(self) -> tuple[bytes, bytes] | None:
        if len(self._pending) < 8:
            return None
        size, kind = _HEADER.unpack_from(self._pending)
        if not 8 <= size <= MAX_BOX_BYTES:
            raise BadFragment(f"a box {kind!r} of {size} bytes")
        if len(self._pending) < size:
            return None
        whole = bytes(memoryview(self._pending)[:size])
        del self._pending[:size]
        return kind, whole

    def _take(self, kind: bytes, whole: bytes) -> Cell | None:
        if kind == b"ftyp":
            self._ftyp = whole
        elif kind == b"moov":
            self._take_init(self._ftyp + whole)
        elif kind == b"moof":
            self._fragment = Fragment(whole)
        elif kind == b"mdat":
            return self._take_media(whole)
        elif kind not in _DROPPED:
            raise BadFragment(f"an unexpected box {kind!r}")
        return None

    def _take_init(self, init: bytes) -> None:
        if self._init:
            raise BadFragment("a second initialization segment")
        self._shift = edit_shift(init)  # first: another edit list makes another segment
        if self._expected_init is not None and sha256(init).hexdigest() != self._expected_init:
            raise BadFragment(f"the initialization segment of {self._rendition} is not the one stored")
        self._init = init

    def _take_media(self, mdat: bytes) -> Cell:
        fragment, self._fragment = self._fragment, None
        if fragment is None or not self._init:
            raise BadFragment("media before its description")
        index = next(self._cells, None)
        if index is None:
            raise MisplacedFragment(f"{self._rendition} has more fragments than cells")
        start = self._grid.first_frame(index) * self._grid.frame_ticks
        self._check(fragment, index, start)
        moof = fragment.place(index + 1, start)
        return Cell(
            rendition=self._rendition,
            index=index,
            init=self._init,
            data=moof + mdat,
            keyframe_bytes=len(moof) + 8 + fragment.first_size,
            samples=fragment.samples,
        )

    def _check(self, fragment: Fragment, index: int, start: int) -> None:
        frames = self._grid.cell_frames(index)
        have = (fragment.samples, fragment.duration, fragment.decode_time, fragment.first_offset)
        want = (frames, frames * self._grid.frame_ticks, start - self._origin, self._shift)
        if have != want:
            raise MisplacedFragment(
                f"cell {index} of {self._rendition}: (frames, ticks, start, offset) are {have}, not {want}"
            )


def find_boxes(data: bytes, at: int, end: int) -> dict[bytes, tuple[int, int]]:
    """Where the payload of each kind of box lies; the first of a kind counts."""
    places: dict[bytes, tuple[int, int]] = {}
    ends = [end]  # of the boxes around this place: a tower of them is no end of the stack
    while ends:
        if at + 8 > ends[-1]:
            at = ends.pop()
            continue
        size, kind = _HEADER.unpack_from(data, at)
        if size < 8 or at + size > ends[-1]:
            raise BadFragment(f"a box {kind!r} of {size} bytes in {ends[-1] - at}")
        places.setdefault(kind, (at + 8, at + size))
        if kind in _CONTAINERS:
            ends.append(at + size)
            at += 8
        else:
            at += size
    return places


def edit_shift(init: bytes) -> int:
    """Ticks that the edit list takes off every composition time: what B-frames delay the first picture by."""
    place = find_boxes(init, 0, len(init)).get(b"elst")
    if place is None:
        return 0
    at, end = place
    version, entries = init[at], init[at + 4 : at + 8]
    wide = version == 1
    if entries == b"\0\0\0\2":  # an empty one before it
        raise MisplacedFragment("the first picture comes late")
    if entries != b"\0\0\0\1" or end - at < (28 if wide else 20):
        raise BadFragment("an edit list with other than one entry")
    return int(struct.unpack_from(">q" if wide else ">i", init, at + (16 if wide else 12))[0])
