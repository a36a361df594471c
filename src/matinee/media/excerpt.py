"""What an MP4 has of sound at a few places, as a small MP4 of nothing else.

FFmpeg would open the file anew for each place and read its whole index each time: a second, with a film of two hours.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import accumulate, chain

import msgspec

from .boxes import box, full_box, movie_header
from .sample_tables import BadTables, Read, SoundTrack, read_movie, read_sounds

MAX_STRETCH_BYTES = 8 << 20  # of the file, for one place: a second of 60 Mbit/s
MAX_SAMPLES = 4096  # at one place: three seconds in pieces of less than a millisecond

Place = tuple[Fraction, Fraction]
"""Start and length, in seconds."""


class Excerpt(msgspec.Struct, frozen=True):
    """A small MP4."""

    content: bytes
    starts: list[list[int]]
    """Of each stream: the numbers of the samples that do not follow on the one before."""


async def excerpt(read: Read, size: int, streams: Collection[int], places: Sequence[Place]) -> Excerpt:
    """A file with these streams of one of so many bytes, in their order: its sound at one place behind the other.

    Raises BadTables where the file does not say where its sounds lie.
    """
    movie = await read_movie(read, size)
    tracks = list((await asyncio.to_thread(read_sounds, movie, streams)).values())
    chosen = [[_samples(track, place) for track in tracks] for place in places]
    parts = await asyncio.gather(*(_read_place(read, tracks, samples) for samples in chosen))
    by_track = zip(tracks, zip(*chosen, strict=True), zip(*parts, strict=True), strict=True)
    content = _write([(track, [*chain.from_iterable(samples)], b"".join(data)) for track, samples, data in by_track])
    starts = [[*accumulate(map(len, samples[:-1]), initial=0)] for samples in zip(*chosen, strict=True)]
    return Excerpt(content, starts)


def _samples(track: SoundTrack, place: Place) -> range:
    start, stop = (track.sample_at(int(moment * track.timescale)) for moment in (place[0], sum(place)))
    if stop - start > MAX_SAMPLES:
        raise BadTables("its sound is in too many pieces")
    return range(start, stop)


async def _read_place(read: Read, tracks: Sequence[SoundTrack], chosen: Sequence[range]) -> list[bytes]:
    """The samples of each track, read in one go: at one place of a film they are not far from each other."""
    spans = [
        [*zip(track.offsets(samples), track.sizes[samples.start : samples.stop], strict=True)]
        for track, samples in zip(tracks, chosen, strict=True)
    ]
    if not any(spans):
        return [b""] * len(tracks)
    start = min(offset for offset, _ in chain.from_iterable(spans))
    stop = max(offset + length for offset, length in chain.from_iterable(spans))
    if stop - start > MAX_STRETCH_BYTES:
        raise BadTables("its sounds lie too far from each other")
    data = memoryview(await read(start, stop - start))
    return [b"".join(data[at - start : at - start + length] for at, length in span) for span in spans]


def _write(tracks: Sequence[tuple[SoundTrack, list[int], bytes]]) -> bytes:
    kind = box(b"ftyp", b"isom", bytes(4), b"isom")
    media = [data for _, _, data in tracks]

    def movie(first: int) -> bytes:
        places = accumulate(map(len, media), initial=first)
        tables = (_track(track, samples, at) for (track, samples, _), at in zip(tracks, places, strict=False))
        return box(b"moov", movie_header(), *tables)

    index = movie(0)
    return b"".join((kind, movie(len(kind) + len(index) + 8), box(b"mdat", *media)))


def _track(track: SoundTrack, samples: Sequence[int], at: int) -> bytes:
    """A track whose samples are one chunk that begins at that byte. All last as long as the film's first."""
    sizes = [track.sizes[sample] for sample in samples]
    tables = box(
        b"stbl",
        track.description,
        full_box(b"stts", 0, 0, struct.pack(">III", 1, len(sizes), track.durations[0][1])),
        full_box(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, len(sizes), 1)),
        full_box(b"stsz", 0, 0, struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        full_box(b"stco", 0, 0, struct.pack(">II", 1, at)),
    )
    information = box(b"minf", track.information, tables)
    return box(b"trak", track.header, box(b"mdia", track.media, information))
