"""The index of an MP4 or QuickTime file: where every coded picture and sound lies, how long it lasts, when it shows.

ISO/IEC 14496-12, 8.6 and 8.7. Every source is taken to be hostile: counts are believed only as far as there are
bytes to back them, and a file that contradicts itself has no tables (BadTables, with a reason for people).
Memory: 24 bytes a picture and the `moov` box, both capped.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, repeat
from operator import lt, mul, sub
from sys import byteorder

import msgspec

MAX_MOVIE_BYTES = 64 << 20  # twelve hours of picture and sound, each picture a chunk of its own, have 50 MB
MAX_SAMPLES = 3_000_000  # twelve hours at 60 a second have 2.6 million
MAX_SOUND_RUNS = 4096  # runs of samples that last as long: one as a rule
_MAX_TOP_BOXES = 64
_MOVIE_HEADER_BYTES = 40  # of the `mvhd` box, up to its duration
_MAX_BOXES = 1024  # within one box
_AT_NORMAL_SPEED = 0x10000
_NOTHING_SHOWN = -1

Read = Callable[[int, int], Awaitable[bytes]]
"""Bytes of the file: from where, how many; fewer at its end."""

_Span = tuple[int, int]


class BadTables(Exception):
    """The file has no usable tables; says why as a part of a sentence."""


class Tables(msgspec.Struct, frozen=True):
    """The picture track of a file. One entry a coded picture, in the order of decoding."""

    timescale: int
    width: int
    height: int
    configuration: bytes
    """The payload of its `avcC` box."""
    colour: bytes
    """Its `colr` box as a whole; empty where there is none."""
    delay: Fraction
    """Seconds before its time begins."""
    media_time: int
    """The composition time, in ticks, at which its time begins."""
    shown: Fraction | None
    """Seconds that are shown of it; None: all."""
    offsets: array[int]
    sizes: array[int]
    durations: array[int]
    compositions: array[int]
    """Ticks from decoding to showing; may be negative."""
    keyframes: array[int]
    """The places of those that the file calls a keyframe, from 0."""


class SoundTrack(msgspec.Struct, frozen=True):
    """A sound track of a file. One entry a sample, in the order of decoding."""

    timescale: int
    header: bytes
    """Its `tkhd` box as a whole."""
    media: bytes
    """Its `mdhd` and `hdlr` boxes as a whole."""
    information: bytes
    """What its `minf` box holds besides the tables."""
    description: bytes
    """Its `stsd` box as a whole."""
    durations: list[tuple[int, int]]
    """How many samples, and how many ticks each."""
    sizes: array[int]
    chunks: array[int]
    """Where each run of samples begins that lie one behind the other."""
    chunk_counts: array[int]
    """Samples of each chunk, by runs of chunks that have as many."""
    run_chunks: array[int]
    """The first chunk of each such run, counted from 1."""
    run_samples: array[int]
    """The first sample of each such run."""

    def offsets(self, samples: range) -> list[int]:
        """Where these samples lie in the file."""
        found: list[int] = []
        while samples:
            run = bisect_right(self.run_samples, samples.start) - 1
            chunk, within = divmod(samples.start - self.run_samples[run], self.chunk_counts[run])
            start = self.chunks[self.run_chunks[run] - 1 + chunk]
            first = start + sum(self.sizes[samples.start - within : samples.start])
            here = samples[: self.chunk_counts[run] - within]
            found += accumulate(self.sizes[here.start : here.stop - 1], initial=first)
            samples = samples[len(here) :]
        return found

    def sample_at(self, tick: int) -> int:
        """The sample that is decoded at that tick; their number behind the last."""
        first = 0
        for many, ticks in self.durations:
            if tick < many * ticks:
                return first + tick // ticks
            tick -= many * ticks
            first += many
        return first


async def read_movie(read: Read, size: int) -> bytes:
    """The payload of the `moov` box."""
    start, length = await _find_movie(read, size)
    if length > MAX_MOVIE_BYTES:
        raise BadTables(f"its index of {length >> 20} MB is too large")
    return await read(start, length)


async def read_duration(read: Read, size: int) -> Fraction | None:
    """Seconds that the file says it lasts, in the first box of its index; None where it does not say so there."""
    start, length = await _find_movie(read, size)
    head = await read(start, min(length, _MOVIE_HEADER_BYTES))
    with _doubting():
        if head[4:8] != b"mvhd":
            return None
        wide = head[8] == 1
        timescale, duration = struct.unpack_from(">IQ" if wide else ">II", head, 28 if wide else 20)
        return Fraction(duration, timescale) if timescale else None


async def _find_movie(read: Read, size: int) -> tuple[int, int]:
    """Where the payload of the `moov` box begins, and its length."""
    at = 0
    for _ in range(_MAX_TOP_BOXES):
        if at + 8 > size:  # storages refuse to read what is not there
            break
        head = await read(at, min(16, size - at))
        if len(head) < 8:
            break
        length, kind = struct.unpack_from(">I4s", head)
        header = 8
        if length == 1 and len(head) == 16:
            length, header = struct.unpack_from(">Q", head, 8)[0], 16
        elif length == 0:
            length = size - at
        if kind == b"moof":
            raise BadTables("the file is fragmented")
        if length < header or at + length > size:
            break
        if kind == b"moov":
            if length == header:
                raise BadTables("its index is empty")
            return at + header, length - header
        at += length
    raise BadTables("its index was not found")


def read_tables(movie: bytes, size: int) -> Tables:
    """The tables of the one picture track of a file of so many bytes."""
    with _doubting():
        tracks = _tracks(movie)
        pictures = [track for track in tracks if track.handler == b"vide"]
        if len(pictures) != 1:
            raise BadTables(f"it has {len(pictures)} pictures")
        return pictures[0].tables(size)


def read_sounds(movie: bytes, places: Collection[int]) -> dict[int, SoundTrack]:
    """Those tracks of a file that stand at these places in it, from 0; all are sounds."""
    with _doubting():
        tracks = _tracks(movie)
        if any(place >= len(tracks) or tracks[place].handler != b"soun" for place in places):
            raise BadTables("its sounds are not where they were found")
        return {place: tracks[place].sound() for place in sorted(places)}


@contextmanager
def _doubting() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError, OverflowError, ValueError) as error:
        raise BadTables("its index is damaged") from error


def _tracks(movie: bytes) -> list[_Track]:
    boxes = dict(_boxes(movie, (0, len(movie)), b"mvhd", b"mvex"))
    if b"mvex" in boxes:
        raise BadTables("the file is fragmented")
    movie_timescale = _timescale(movie, _need(boxes, b"mvhd"))
    return [_Track(movie, track, movie_timescale) for _, track in _boxes(movie, (0, len(movie)), b"trak")]


class _Track:
    """One `trak` box."""

    def __init__(self, movie: bytes, track: _Span, movie_timescale: int) -> None:
        self._movie = movie
        self._movie_timescale = movie_timescale
        self._boxes = dict(_boxes(movie, track, b"tkhd", b"edts", b"mdia"))
        self._media = dict(_boxes(movie, self._boxes[b"mdia"])) if b"mdia" in self._boxes else {}
        handler = self._media.get(b"hdlr", (0, 0))
        self.handler = movie[handler[0] + 8 : handler[1]][:4]

    @cached_property
    def _information(self) -> dict[bytes, _Span]:
        return dict(_boxes(self._movie, _need(self._media, b"minf")))

    @cached_property
    def _tables(self) -> dict[bytes, _Span]:
        return dict(_boxes(self._movie, _need(self._information, b"stbl")))

    def sound(self) -> SoundTrack:
        sizes = self._sizes()
        many, ticks = self._pairs(b"stts", len(sizes))
        if len(many) > MAX_SOUND_RUNS or not all(ticks):
            raise BadTables("its sound is too uneven")
        chunks = self._chunks()
        firsts, counts, runs = self._chunk_runs(len(chunks), len(sizes))
        return SoundTrack(
            timescale=_timescale(self._movie, _need(self._media, b"mdhd")),
            header=self._whole(_need(self._boxes, b"tkhd")),
            media=b"".join(self._whole(_need(self._media, kind)) for kind in (b"mdhd", b"hdlr")),
            information=b"".join(self._whole(at) for kind, at in self._information.items() if kind != b"stbl"),
            description=self._whole(_need(self._tables, b"stsd")),
            durations=list(zip(many, ticks, strict=True)),
            sizes=sizes,
            chunks=chunks,
            chunk_counts=counts,
            run_chunks=firsts,
            run_samples=array("I", accumulate(map(mul, runs[:-1], counts), initial=0)),
        )

    def _whole(self, payload: _Span) -> bytes:
        """A box with its header."""
        start, end = payload
        return self._movie[start - 8 : end]

    def tables(self, size: int) -> Tables:
        timescale = _timescale(self._movie, _need(self._media, b"mdhd"))
        width, height, configuration, colour = self._entry()
        delay, media_time, shown = self._edit()
        sizes = self._sizes()
        count = len(sizes)
        return Tables(
            timescale=timescale,
            width=width,
            height=height,
            configuration=configuration,
            colour=colour,
            delay=delay,
            media_time=media_time,
            shown=shown,
            offsets=self._offsets(sizes, size),
            sizes=sizes,
            durations=self._durations(count),
            compositions=self._compositions(count),
            keyframes=self._keyframes(count),
        )

    def _entry(self) -> tuple[int, int, bytes, bytes]:
        """Size, `avcC` and `colr` of the only sample entry."""
        at, end = _need(self._tables, b"stsd")
        if struct.unpack_from(">I", self._movie, at + 4)[0] != 1:
            raise BadTables("its picture changes its coding on the way")
        entries = list(_boxes(self._movie, (at + 8, end)))
        if len(entries) != 1 or entries[0][0] != b"avc1":
            raise BadTables("its picture is not described as avc1")
        start, stop = entries[0][1]
        if stop - start < 78:
            raise BadTables("its index is damaged")
        width, height = struct.unpack_from(">HH", self._movie, start + 24)
        inside = dict(_boxes(self._movie, (start + 78, stop), b"avcC", b"colr"))
        first, last = _need(inside, b"avcC")
        colour = b""
        if b"colr" in inside:
            begin, finish = inside[b"colr"]
            if self._movie[begin : begin + 4] == b"nclx" and finish - begin == 11:
                colour = self._movie[begin - 8 : finish]
        return width, height, self._movie[first:last], colour

    def _edit(self) -> tuple[Fraction, int, Fraction | None]:
        """Delay, media time and seconds shown: of an edit list that moves the picture and does not cut it."""
        if b"edts" not in self._boxes:
            return Fraction(0), 0, None
        place = dict(_boxes(self._movie, self._boxes[b"edts"], b"elst")).get(b"elst")
        if place is None:
            return Fraction(0), 0, None
        edits = _edits(self._movie, place)
        delay = Fraction(0)
        while edits and edits[0][1] == _NOTHING_SHOWN:
            delay += Fraction(edits.pop(0)[0], self._movie_timescale)
        if len(edits) != 1 or edits[0][1] < 0 or edits[0][2] != _AT_NORMAL_SPEED:
            raise BadTables("its edit list cuts the picture")
        length, media_time, _ = edits[0]
        return delay, media_time, Fraction(length, self._movie_timescale) if length else None

    def _sizes(self) -> array[int]:
        at, end = _need(self._tables, b"stsz")
        same, count = struct.unpack_from(">II", self._movie, at + 4)
        if not 0 < count <= MAX_SAMPLES:
            raise BadTables(f"its index lists {count} pictures")
        sizes = array("I", [same]) * count if same else self._numbers("I", at + 12, end, count)
        if not min(sizes):
            raise BadTables("a picture in it has no bytes")
        return sizes

    def _durations(self, count: int) -> array[int]:
        durations = self._runs(b"stts", count, "I")
        if not durations[-1] and count > 1:
            durations[-1] = durations[-2]  # recorders that do not know when the last one ends
        if not min(durations):
            raise BadTables("a picture in it lasts no time")
        return durations

    def _compositions(self, count: int) -> array[int]:
        return self._runs(b"ctts", count, "i") if b"ctts" in self._tables else array("i", bytes(4 * count))

    def _pairs(self, kind: bytes, count: int, code: str = "I") -> tuple[array[int], array[int]]:
        """A table of (how many, which) of so many samples, by columns."""
        at, end = _need(self._tables, kind)
        (entries,) = struct.unpack_from(">I", self._movie, at + 4)
        numbers = self._numbers("I", at + 8, end, 2 * entries)
        if sum(numbers[::2]) != count:
            raise BadTables("its index contradicts itself")
        return numbers[::2], array(code, numbers[1::2].tobytes())

    def _runs(self, kind: bytes, count: int, code: str) -> array[int]:
        """The same, written out."""
        written = array(code)
        for many, value in zip(*self._pairs(kind, count, code), strict=True):
            if many == 1:
                written.append(value)
            else:
                written.extend(array(code, [value]) * many)
        return written

    def _keyframes(self, count: int) -> array[int]:
        if b"stss" not in self._tables:
            return array("I", range(count))
        at, end = self._tables[b"stss"]
        (entries,) = struct.unpack_from(">I", self._movie, at + 4)
        if not 0 < entries <= count:
            raise BadTables("its index contradicts itself")
        numbers = self._numbers("I", at + 8, end, entries)
        places = array("I", sorted({number - 1 for number in numbers if number}))
        if not places or places[-1] >= count:
            raise BadTables("its index contradicts itself")
        return places

    def _offsets(self, sizes: array[int], file_size: int) -> array[int]:
        """Where each picture lies."""
        chunks = self._chunks()
        _, counts, runs = self._chunk_runs(len(chunks), len(sizes))
        by_chunk = chain.from_iterable(map(repeat, counts, runs))  # a run of a million chunks is no list here
        offsets, place = array("Q"), 0
        for first, many in zip(chunks, by_chunk, strict=True):
            following = place + many
            if many == 1:
                offsets.append(first)
            else:
                offsets.extend(accumulate(sizes[place : following - 1], initial=first))
            if offsets[-1] + sizes[following - 1] > file_size:
                raise BadTables("its index points behind its end")
            place = following
        return offsets

    def _chunks(self) -> array[int]:
        """Where the chunks begin, which are runs of samples that lie one behind the other."""
        wide = b"co64" in self._tables
        at, end = _need(self._tables, b"co64" if wide else b"stco")
        (count,) = struct.unpack_from(">I", self._movie, at + 4)
        return self._numbers("Q" if wide else "I", at + 8, end, count)

    def _chunk_runs(self, chunks: int, samples: int) -> tuple[array[int], array[int], array[int]]:
        """Runs of chunks with as many samples: the first chunk from 1, samples of each, chunks in the run."""
        at, end = _need(self._tables, b"stsc")
        (entries,) = struct.unpack_from(">I", self._movie, at + 4)
        numbers = self._numbers("I", at + 8, end, 3 * entries)
        firsts, counts, entry = numbers[::3], numbers[1::3], numbers[2::3]
        following = firsts[1:]
        following.append(chunks + 1)
        ordered = firsts[0] == 1 and all(map(lt, firsts, following))
        if not ordered or counts.count(0) or entry.count(1) < len(entry):
            raise BadTables("its index contradicts itself")
        runs = array("I", map(sub, following, firsts))
        if sum(map(mul, runs, counts)) != samples:
            raise BadTables("its index contradicts itself")
        return firsts, counts, runs

    def _numbers(self, code: str, at: int, end: int, count: int) -> array[int]:
        numbers = array(code)
        stop = at + count * numbers.itemsize
        if stop > end:
            raise BadTables("its index promises more than it has")
        numbers.frombytes(self._movie[at:stop])
        if byteorder == "little":
            numbers.byteswap()
        return numbers


def _edits(movie: bytes, place: _Span) -> list[tuple[int, int, int]]:
    """Length, media time and speed of each entry."""
    at, end = place
    wide = movie[at] == 1
    entry = struct.Struct(">QqI" if wide else ">IiI")
    (count,) = struct.unpack_from(">I", movie, at + 4)
    if count > 8 or at + 8 + count * entry.size > end:
        raise BadTables("its edit list cuts the picture")
    return [entry.unpack_from(movie, at + 8 + number * entry.size) for number in range(count)]


def _timescale(movie: bytes, place: _Span) -> int:
    """Of a `mvhd` or `mdhd` box."""
    at, end = place
    field = at + (20 if movie[at] == 1 else 12)
    if field + 4 > end:
        raise BadTables("its index is damaged")
    timescale: int = struct.unpack_from(">I", movie, field)[0]
    if not timescale:
        raise BadTables("its clock does not tick")
    return timescale


def _need(boxes: dict[bytes, _Span], kind: bytes) -> _Span:
    if kind not in boxes:
        raise BadTables(f"its index lacks {kind.decode('latin-1')!r}")
    return boxes[kind]


def _boxes(data: bytes, span: _Span, *kinds: bytes) -> Iterator[tuple[bytes, _Span]]:
    """Where the payloads of the boxes within a span lie, of these kinds or of all."""
    at, end = span
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 0:  # QuickTime ends some lists with a zero
            return
        if size < 8 or at + size > end:
            raise BadTables("its index is damaged")
        if not kinds or kind in kinds:
            yield kind, (at + 8, at + size)
        at += size
    raise BadTables("its index is damaged")
