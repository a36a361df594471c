"""How long an MP4 says that it lasts, by the first box of its index."""

from __future__ import annotations

import asyncio
import struct
from fractions import Fraction

import pytest

from matinee.media.boxes import box, full_box
from matinee.media.sample_tables import BadTables, read_duration

SHORT = full_box(b"mvhd", 0, 0, struct.pack(">IIII", 0, 0, 600, 4500), bytes(80))
LONG = full_box(b"mvhd", 1, 0, struct.pack(">QQIQ", 0, 0, 48_000, 48_000 << 32), bytes(80))


def duration(file: bytes) -> Fraction | None:
    """What a file says."""

    async def read(start: int, length: int) -> bytes:
        assert 0 < length <= len(file) - start, "a storage refuses this, or sends all there is"
        return file[start : start + length]

    return asyncio.run(read_duration(read, len(file)))


class TestReadDuration:
    @pytest.mark.parametrize(("header", "seconds"), [(SHORT, Fraction(15, 2)), (LONG, Fraction(1 << 32))])
    def test_both_versions_of_the_header(self, header: bytes, seconds: Fraction) -> None:
        """In ticks of its own scale, of 32 or 64 bits."""
        assert duration(box(b"ftyp", bytes(8)) + box(b"moov", header)) == seconds

    def test_an_index_behind_the_media(self) -> None:
        """Files that were not made for the web have it last."""
        assert duration(box(b"ftyp", bytes(8)) + box(b"mdat", bytes(5000)) + box(b"moov", SHORT)) == Fraction(15, 2)

    @pytest.mark.parametrize(
        "index",
        [
            box(b"moov", box(b"trak", bytes(64))),
            box(b"moov", full_box(b"mvhd", 0, 0, bytes(96))),
        ],
        ids=["another box is first", "no ticks a second"],
    )
    def test_who_does_not_say_is_not_believed(self, index: bytes) -> None:
        """Then the whole look is taken in its turn."""
        assert duration(index) is None

    @pytest.mark.parametrize(
        "file",
        [
            b"",
            bytes(64),
            box(b"moov", b"\0\0\0\x6cmvhd"),
            box(b"mdat", bytes(64)),
            box(b"moov") + box(b"mdat", bytes(64)),
            box(b"ftyp", bytes(8)) + b"\0\0\0",
        ],
    )
    def test_what_is_no_movie_is_refused(self, file: bytes) -> None:
        """A file that is cut off, or something else."""
        with pytest.raises(BadTables):
            duration(file)
