"""Parts of a movie's sound by its index, without FFmpeg: what lies where, and indexes that lie."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.boxes import box, full_box
from matinee.media.excerpt import Excerpt, excerpt
from matinee.media.sample_tables import BadTables, read_sounds

RATE = 48_000


def sound_movie(sizes: Sequence[int], chunks: Sequence[int], offsets: Sequence[int]) -> bytes:
    """The payload of a `moov` box with one sound: `chunks` of so many samples each lie at the `offsets`."""
    counts = b"".join(struct.pack(">III", number, count, 1) for number, count in enumerate(chunks, 1))
    tables = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), box(b"mp4a", bytes(28))),
        full_box(b"stts", 0, 0, struct.pack(">III", 1, len(sizes), 1024)),
        full_box(b"stsz", 0, 0, struct.pack(f">{2 + len(sizes)}I", 0, len(sizes), *sizes)),
        full_box(b"stsc", 0, 0, struct.pack(">I", len(chunks)), counts),
        full_box(b"stco", 0, 0, struct.pack(f">{1 + len(offsets)}I", len(offsets), *offsets)),
    )
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12))
    clock = full_box(b"mdhd", 0, 0, struct.pack(">IIII", 0, 0, RATE, 0))
    track = box(b"trak", full_box(b"tkhd", 0, 3, bytes(80)), box(b"mdia", clock, handler, box(b"minf", tables)))
    return full_box(b"mvhd", 0, 0, struct.pack(">IIII", 0, 0, 1000, 0)) + track


def cut(index: bytes, places: Sequence[tuple[Fraction, Fraction]]) -> Excerpt:
    """An excerpt of a file that begins with its index; each of its other bytes is its place, modulo 251."""
    head = box(b"moov", index)
    size = 1 << 20

    async def read(start: int, length: int) -> bytes:
        rest = bytes(at % 251 for at in range(start, min(size, start + length)))
        return (head[start:] + rest)[:length] if start < len(head) else rest

    return asyncio.run(excerpt(read, size, [0], places))


class TestExcerpt:
    @given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), min_size=1, max_size=8), st.data())
    def test_each_sample_is_found_where_its_chunk_says(self, chunks: list[list[int]], data: st.DataObject) -> None:
        starts = [10_000 + 100 * number for number in range(len(chunks))]
        sizes = [size for chunk in chunks for size in chunk]
        track = read_sounds(sound_movie(sizes, [*map(len, chunks)], starts), [0])[0]
        expected = [
            start + sum(chunk[:number])
            for start, chunk in zip(starts, chunks, strict=True)
            for number in range(len(chunk))
        ]
        first = data.draw(st.integers(0, len(sizes)))
        last = data.draw(st.integers(first, len(sizes)))
        assert track.offsets(range(first, last)) == expected[first:last]

    def test_the_places_stand_one_behind_the_other(self) -> None:
        """Samples of 1024 / 48000 s: the second place begins with the fourth of them."""
        index = sound_movie([3] * 10, [5, 5], [10_000, 20_000])
        frame = Fraction(1024, RATE)
        found = cut(index, [(Fraction(0), frame), (4 * frame, 2 * frame)])
        expected = [10_000, 10_001, 10_002, 10_012, 10_013, 10_014, 20_000, 20_001, 20_002]
        assert found.content.endswith(b"mdat" + bytes(at % 251 for at in expected))
        assert found.starts == [[0, 1]]

    def test_what_is_no_sound_is_not_taken_for_one(self) -> None:
        index = sound_movie([3] * 10, [10], [10_000]).replace(b"soun", b"vide")
        with pytest.raises(BadTables):
            cut(index, [(Fraction(0), Fraction(1))])

    @given(st.data())
    def test_any_damage_is_refused_or_harmless(self, data: st.DataObject) -> None:
        """Words of the index replaced or cut out: a small file, or a reason."""
        index = bytearray(sound_movie([300] * 200, [50] * 4, [10_000 * n for n in range(1, 5)]))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(index) - 5))
            if data.draw(st.booleans()):
                edges = st.sampled_from([0, 1, 2, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
                struct.pack_into(">I", index, at, data.draw(edges | st.integers(0, 0xFFFFFFFF)))
            else:
                del index[at : at + data.draw(st.integers(1, 200))]
        try:
            found = cut(bytes(index), [(Fraction(0), Fraction(1)), (Fraction(2), Fraction(1))])
        except BadTables:
            return
        assert len(found.content) < 1 << 20
