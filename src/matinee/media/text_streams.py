"""The text in a film: which subtitle streams and chapters it has, and the streams as WebVTT."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from .captions.languages import UNKNOWN, canonical_language
from .captions.model import MAX_BYTES
from .encode import EncoderOptions, check_exit
from .ffmpeg import READ_BYTES, running
from .model import Plan
from .names import one_line
from .probe import Limits, ask_ffprobe
from .source_access import MAX_ALLOC_BYTES, confinement
from .video_argv import source_input

# The codecs that are text, and the format that their markup comes from. Others are pictures of text.
_TEXT = {"subrip": "srt", "srt": "srt", "mov_text": "srt", "text": "srt", "ass": "ass", "ssa": "ass", "webvtt": "vtt"}
MOST_STREAMS = 48  # of those a film may have; some room is left for uploads


class TextStream(msgspec.Struct, frozen=True):
    """A subtitle stream that is text."""

    index: int
    """In the film."""
    format: str
    language: str
    """BCP 47; `und` where the film does not say."""
    name: str
    for_the_deaf: bool
    forced: bool


class ChapterMark(msgspec.Struct, frozen=True):
    """A chapter of the film; it begins at a second of the grid."""

    start: float
    title: str


class FilmText(msgspec.Struct, frozen=True):
    """What a film holds of text."""

    streams: tuple[TextStream, ...]
    chapters: tuple[ChapterMark, ...]


async def find_text(source: str, plan: Plan, *, limits: Limits, ffprobe: str) -> FilmText:
    """Look at a film's header. Raises as `probe` does."""
    shown = ["-show_streams", "-select_streams", "s", "-show_chapters", "-of", "json"]
    said, _ = await ask_ffprobe(ffprobe, source, limits, shown, limits.probe_seconds)
    return read_text(msgspec.json.decode(said or b"{}"), plan)


def read_text(header: dict[str, Any], plan: Plan) -> FilmText:
    """What ffprobe's JSON says; chapters outside the grid are left out."""
    streams = [_stream(stream) for stream in header.get("streams", []) if stream.get("codec_name") in _TEXT]
    marks = [_mark(chapter, plan) for chapter in header.get("chapters", [])]
    within = {round(mark.start, 3): mark for mark in marks if mark.start < plan.grid.duration}
    return FilmText(tuple(streams[:MOST_STREAMS]), tuple(within[start] for start in sorted(within)))


async def extract_text(
    source: str, plan: Plan, streams: Sequence[TextStream], *, options: EncoderOptions
) -> list[bytes | None]:
    """Each stream as WebVTT on the grid's clock, all by one reading of the film; None for one that is too large.

    Raises as `encode_cells` does.
    """

    def argv(outputs: Sequence[str]) -> list[str]:
        return text_argv(options.ffmpeg, source, plan, streams, outputs, max_pixels=options.max_pixels)

    async with running(
        argv, outputs=len(streams), confinement=confinement(options.ffmpeg, source), limits=options.limits
    ) as process:
        async with asyncio.TaskGroup() as readers:
            tasks = [readers.create_task(_read(output)) for output in process.outputs]
        await check_exit(process, source)
        return [task.result() for task in tasks]


def text_argv(
    ffmpeg: str, source: str, plan: Plan, streams: Sequence[TextStream], outputs: Sequence[str], *, max_pixels: int
) -> list[str]:
    """The command that writes each stream as WebVTT to the output of its place."""
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-vn", "-an", "-dn",  # other streams are not even decoded
        *source_input(source, plan, None, max_pixels),
        *(
            argument
            for stream, output in zip(streams, outputs, strict=True)
            for argument in ("-map", f"0:{stream.index}", "-c:s", "webvtt", "-f", "webvtt", output)
        ),
    ]  # fmt: skip


async def _read(output: asyncio.StreamReader) -> bytes | None:
    """All that comes, or None where it is too much; it is read to its end either way, or FFmpeg would wait."""
    data = bytearray()
    size = 0
    while block := await output.read(READ_BYTES):
        size += len(block)
        if size <= MAX_BYTES:
            data += block
    return bytes(data) if size <= MAX_BYTES else None


def _stream(stream: dict[str, Any]) -> TextStream:
    tags, disposition = stream.get("tags", {}), stream.get("disposition", {})
    return TextStream(
        index=int(stream["index"]),
        format=_TEXT[stream["codec_name"]],
        language=canonical_language(str(tags.get("language", UNKNOWN)).replace("_", "-")) or UNKNOWN,
        name=one_line(tags.get("title", "")),
        for_the_deaf=bool(disposition.get("hearing_impaired") or disposition.get("captions")),
        forced=bool(disposition.get("forced")),
    )


def _mark(chapter: dict[str, Any], plan: Plan) -> ChapterMark:
    start = max(Fraction(0), Fraction(chapter.get("start_time", "0")) - plan.source.start)
    return ChapterMark(float(start), one_line(chapter.get("tags", {}).get("title", "")))
