"""The splitter: any pieces in, placed cells out; garbage refused by name."""

from __future__ import annotations

import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.boxes import BadFragment, CellSplitter, Fragment, MisplacedFragment, box, full_box
from matinee.media.cells import Cell
from matinee.media.model import Grid, Rate

GRID = Grid(Rate(25, 1), 4, 20)
TICKS = GRID.frame_ticks
SHIFT = 2 * TICKS
EDIT = full_box(b"elst", 0, 0, struct.pack(">IIiI", 1, 0, SHIFT, 0x10000))
INIT = box(b"ftyp", b"iso6") + box(b"moov", box(b"trak", box(b"edts", EDIT)))


def fragment(start: int, frames: int = 4, shift: int = SHIFT, sizes: tuple[int, ...] = (9, 3, 3, 3)) -> bytes:
    """What FFmpeg writes for a few frames: `moof` and `mdat`."""
    tfhd = full_box(b"tfhd", 0, 0x20038, struct.pack(">IIII", 1, TICKS, sizes[0], 0))
    samples = b"".join(struct.pack(">Ii", size, shift) for size in sizes[:frames])
    trun = full_box(b"trun", 0, 0xA05, struct.pack(">III", frames, 0, 0), samples)
    tfdt = full_box(b"tfdt", 1, 0, struct.pack(">Q", start * TICKS))
    moof = box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", 1)), box(b"traf", tfhd, tfdt, trun))
    return moof + box(b"mdat", bytes(sum(sizes[:frames])))


STREAM = INIT + fragment(0) + fragment(4) + box(b"mfra", b"index")


def split(data: bytes, *, cells: range = range(2, 4), pieces: int = 1 << 20, init: str | None = None) -> list[Cell]:
    splitter = CellSplitter("v240", GRID, cells, init)
    made = [cell for at in range(0, len(data), pieces) for cell in splitter.feed(data[at : at + pieces])]
    splitter.close()
    return made


class TestSplitting:
    def test_cells_are_placed_on_the_grid(self) -> None:
        """A chunk that FFmpeg timed from 0 gets the numbers of its place in the film."""
        cells = split(STREAM)
        assert [cell.index for cell in cells] == [2, 3]
        assert [cell.samples for cell in cells] == [4, 4]
        placed = Fragment(cells[1].data[: -8 - 18])
        assert placed.decode_time == 12 * TICKS
        assert struct.unpack_from(">I", placed.moof, 8 + 12) == (4,)

    def test_the_keyframe_prefix_ends_after_the_first_sample(self) -> None:
        """`moof`, the header of `mdat`, and as many bytes as the first sample has."""
        cell = split(STREAM)[0]
        assert len(cell.data) - cell.keyframe_bytes == 3 * 3

    @given(st.integers(1, 200))
    def test_pieces_may_be_of_any_size(self, pieces: int) -> None:
        """How the pipe cuts the stream does not show."""
        assert split(STREAM, pieces=pieces) == split(STREAM)

    def test_the_expected_init_segment_passes(self) -> None:
        """The hash is over `ftyp` and `moov`."""
        assert split(STREAM, init=sha256(INIT).hexdigest())[0].init == INIT


class TestRefusal:
    def test_another_init_segment(self) -> None:
        """Cells would not play after the stored one."""
        with pytest.raises(BadFragment, match="not the one stored"):
            split(STREAM, init=sha256(b"").hexdigest())

    @pytest.mark.parametrize(
        "stream",
        [
            pytest.param(INIT + fragment(1), id="late"),
            pytest.param(INIT + fragment(0, frames=3), id="short"),
            pytest.param(INIT + fragment(0, shift=0), id="shown early"),
            pytest.param(INIT + fragment(0), id="a cell missing"),
            pytest.param(STREAM + fragment(8), id="a cell too many"),
        ],
    )
    def test_fragments_that_are_not_the_cells(self, stream: bytes) -> None:
        """Sound MP4 with other frames than asked for is told apart: the source was entered at a wrong place."""
        with pytest.raises(MisplacedFragment):
            split(stream)

    @pytest.mark.parametrize(
        "stream",
        [
            pytest.param(fragment(0), id="no init"),
            pytest.param(INIT + INIT, id="two inits"),
            pytest.param(INIT + box(b"mdat"), id="mdat without moof"),
            pytest.param(INIT + box(b"moof"), id="empty moof"),
            pytest.param(STREAM[:-3], id="cut off"),
            pytest.param(box(b"what"), id="unknown box"),
            pytest.param(struct.pack(">I4s", 2**31, b"mdat"), id="huge box"),
            pytest.param(struct.pack(">I4s", 3, b"mdat"), id="impossible box"),
        ],
    )
    def test_streams_that_are_not_fragmented_mp4(self, stream: bytes) -> None:
        """Each shape of garbage has the same error."""
        with pytest.raises(BadFragment):
            split(stream)

    @given(st.data())
    def test_no_damage_gives_another_error(self, data: st.DataObject) -> None:
        """Whatever byte is changed, the outcome is cells or BadFragment."""
        broken = bytearray(STREAM)
        for _ in range(data.draw(st.integers(1, 4))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        try:
            split(bytes(broken))
        except BadFragment:
            return
