"""Make pictures: poster, thumbnails, storyboard sheets, preview. The same source gives the same bytes.

Every function runs one FFmpeg at a time and leaves no process behind, however it is left. What comes in and goes out
is in memory and bounded. They raise MediaFault when the source is at fault, EncoderFailed when another attempt may
succeed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from hashlib import sha256

import msgspec

from .blurhash import blurhash
from .encode import DEFAULT_OPTIONS, EncoderOptions, check_exit
from .faults import EncoderFailed, MediaFault
from .ffmpeg import MIB, Process, ProcessLimits, ProcessTimedOut, running
from .memory_files import memory_files, read_whole
from .model import CopiedRendition, Plan, Rate, VideoRendition
from .picture_argv import (
    IMAGE_DEMUXERS,
    candidate_argv,
    cover_argv,
    frame_argv,
    mark_argv,
    preview_argv,
    sheet_argv,
    thumbnail_argv,
    tiles_argv,
    upload_argv,
)
from .poster_choice import FRAME_HEIGHT, FRAME_WIDTH, poster_entries, poster_score
from .sandbox import Confinement
from .source_access import confinement, input_was_lost
from .storyboard import Storyboard
from .thumbnails import Format, ThumbnailSize
from .watermark import MARK_SIDE

PICTURE_BYTES = 4 * MIB  # the largest picture that is made; a storyboard sheet of noise has 1 MiB
MAX_UPLOAD_PIXELS = 50_000_000  # 8K with room to spare; decoded they are 200 MB
MAX_MARK_PIXELS = 16_000_000  # of an uploaded watermark; decoded to be scaled they are 64 MB
MARK_BYTES = 5 * MIB  # of the image that is kept: noise of the largest size takes 4.1 MiB
_PNG_SIZE_AT = 16  # bytes of signature, length and type before width and height
_VERSION_DIGITS = 32

# For what is made while a person waits, out of little; a hostile image gets no more either.
SMALL_LIMITS = ProcessLimits(wall_seconds=20.0, cpu_seconds=20, address_space=2048 * MIB, niceness=5)

_SIGNATURES = (
    ("image/jpeg", b"\xff\xd8\xff", b""),
    ("image/png", b"\x89PNG\r\n\x1a\n", b""),
    ("image/webp", b"RIFF", b"WEBP"),
)


class Poster(msgspec.Struct, frozen=True):
    """A still picture of a video."""

    jpeg: bytes
    placeholder: str
    """Its BlurHash."""


class Mark(msgspec.Struct, frozen=True):
    """The image of a watermark, as it is kept."""

    png: bytes
    version: str
    """Tells it from every other."""
    width: int
    height: int


class BadImage(Exception):
    """An uploaded image that is none, or none that is accepted; the message is for the person who sent it."""


async def make_poster(
    source: str, plan: Plan, *, mark: bytes | None = None, options: EncoderOptions = DEFAULT_OPTIONS
) -> Poster:
    """The best of a few candidates from the whole video; LookupError when the plan has no picture.

    `mark` is the image of the plan's watermark, as `make_mark` gave it.
    """
    if not plan.video:
        raise LookupError("the plan has no video rendition")
    best: Poster | None = None
    best_score = -1.0
    fault = MediaFault("source_damaged", "No picture can be decoded.")
    entries = poster_entries(plan)
    for entry in entries:
        try:
            found = await _candidate(source, plan, entry, mark, options)
        except MediaFault as error:  # this part of the source is damaged; another may do
            fault = error
            continue
        if found is not None and found[1] > best_score:
            best, best_score = found
    if best is not None:
        return best
    if None not in entries and (found := await _candidate(source, plan, None, mark, options)) is not None:
        return found[0]
    raise fault


async def make_frame_poster(
    init: bytes, cell: bytes, frame: int, rung: VideoRendition, *, options: EncoderOptions = DEFAULT_OPTIONS
) -> Poster:
    """A frame of a cell, counted from its first, as a poster."""
    made = await _convert(
        init + cell, lambda source, to: frame_argv(options.ffmpeg, source, to, rung, frame), 2, options
    )
    return _poster(made, portrait=rung.height > rung.width)


async def make_uploaded_poster(image: bytes, *, options: EncoderOptions = DEFAULT_OPTIONS) -> Poster:
    """An image that a person sent, decoded and encoded anew as a poster. Raises BadImage."""

    def argv(content_type: str, source: int, to: Sequence[int]) -> list[str]:
        return upload_argv(options.ffmpeg, source, to, content_type=content_type, max_pixels=MAX_UPLOAD_PIXELS)

    return _poster(await _uploaded(image, argv, 2, options), portrait=False)


async def make_cover(image: bytes, width: int, height: int, *, options: EncoderOptions = DEFAULT_OPTIONS) -> bytes:
    """An image that a person sent, decoded and encoded anew as a JPEG of that very size. Raises BadImage."""

    def argv(content_type: str, source: int, to: Sequence[int]) -> list[str]:
        size = {"width": width, "height": height, "max_pixels": MAX_UPLOAD_PIXELS}
        return cover_argv(options.ffmpeg, source, to, content_type=content_type, **size)

    return (await _uploaded(image, argv, 1, options))[0]


async def make_mark(image: bytes, *, options: EncoderOptions = DEFAULT_OPTIONS) -> Mark:
    """A PNG that a person sent, decoded and encoded anew as the image of a watermark. Raises BadImage."""
    if image_type(image) != "image/png":
        raise BadImage("The image of a watermark must be a PNG.")

    def argv(source: int, to: Sequence[int]) -> list[str]:
        return mark_argv(options.ffmpeg, source, to, side=MARK_SIDE, max_pixels=MAX_MARK_PIXELS)

    try:
        (png,) = await _convert(image, argv, 1, options, largest=MARK_BYTES)
    except (MediaFault, EncoderFailed) as error:
        if "exceeds specified max pixel count" in error.evidence:
            raise BadImage(f"The image has more than {MAX_MARK_PIXELS:,} pixels.") from error
        raise BadImage("The image cannot be decoded: it is damaged, cut off or too costly.") from error
    width, height = struct.unpack_from(">II", png, _PNG_SIZE_AT)
    return Mark(png, sha256(png).hexdigest()[:_VERSION_DIGITS], width, height)


def image_type(image: bytes) -> str | None:
    """The media type of an image by its first bytes; None for anything that is not accepted."""
    for content_type, head, form in _SIGNATURES:
        if image.startswith(head) and image[8:].startswith(form):
            return content_type
    return None


async def make_thumbnail(
    keyframe: bytes,
    size: ThumbnailSize,
    extension: Format,
    *,
    matrix: str = "bt709",
    options: EncoderOptions = DEFAULT_OPTIONS,
) -> bytes:
    """A keyframe's byte stream as a picture of a size and format."""

    def argv(source: int, to: Sequence[int]) -> list[str]:
        return thumbnail_argv(options.ffmpeg, source, to, size=size, extension=extension, matrix=matrix)

    return (await _convert(keyframe, argv, 1, options))[0]


async def make_tiles(
    keyframes: bytes,
    board: Storyboard,
    tiles: int,
    *,
    matrix: str = "bt709",
    options: EncoderOptions = DEFAULT_OPTIONS,
) -> bytes:
    """The pixels of so many tiles of a storyboard, from the byte stream of their keyframes."""

    def argv(source: int, to: Sequence[int]) -> list[str]:
        return tiles_argv(options.ffmpeg, source, to, board=board, tiles=tiles, matrix=matrix)

    return (await _convert(keyframes, argv, 1, options))[0]


async def make_sheet(
    tiles: bytes, board: Storyboard, sheet: int, *, options: EncoderOptions = DEFAULT_OPTIONS
) -> bytes:
    """A sheet of the storyboard from the pixels of all its tiles, as JPEG."""

    def argv(source: int, to: Sequence[int]) -> list[str]:
        return sheet_argv(options.ffmpeg, source, to, board=board, sheet=sheet)

    return (await _convert(tiles, argv, 1, options))[0]


async def make_preview(
    init: bytes,
    cells: Sequence[bytes],
    rendition: VideoRendition | CopiedRendition,
    rate: Rate,
    lengths: Sequence[int],
    *,
    matrix: str = "bt709",
    options: EncoderOptions = DEFAULT_OPTIONS,
) -> bytes:
    """An animation of the beginnings of cells with `lengths` frames, as WebP."""

    def argv(source: int, to: Sequence[int]) -> list[str]:
        return preview_argv(options.ffmpeg, source, to, rendition, rate, lengths, matrix=matrix)

    return (await _convert(b"".join((init, *cells)), argv, 1, options))[0]


async def _candidate(
    source: str, plan: Plan, entry: Fraction | None, mark: bytes | None, options: EncoderOptions
) -> tuple[Poster, float] | None:
    """A candidate and its score; None where there is no picture behind the entry."""

    def argv(to: Sequence[int], image: int | None) -> list[str]:
        return candidate_argv(
            options.ffmpeg, source, plan, to, entry=entry, mark=image, max_pixels=options.max_pixels
        )

    with memory_files([b""] * 3) as outputs, memory_files([] if mark is None else [mark]) as images:
        limits = msgspec.structs.replace(options.limits, file_size=PICTURE_BYTES)
        async with running(
            lambda _: argv(outputs, images[0] if images else None),
            outputs=0,
            confinement=confinement(options.ffmpeg, source),
            limits=limits,
            inherited=[*outputs, *images],
        ) as process:
            with options.held_back(process):
                code = await _exit_code(process)
            made = [read_whole(output) for output in outputs]
            if not all(made) and entry is not None and code >= 0 and not input_was_lost(source, process.stderr_tail):
                return None
            await check_exit(process, source)
    poster = _poster(made, portrait=plan.source.height > plan.source.width)
    size = FRAME_WIDTH * FRAME_HEIGHT
    return poster, poster_score([made[2][at : at + size] for at in range(0, len(made[2]), size)])


async def _convert(
    content: bytes,
    argv: Callable[[int, Sequence[int]], list[str]],
    count: int,
    options: EncoderOptions,
    *,
    largest: int | None = None,
) -> list[bytes]:
    """Has FFmpeg write `count` files from one, all in memory; it can reach nothing else."""
    with memory_files([content, *[b""] * count]) as (source, *outputs):
        limits = msgspec.structs.replace(options.limits, file_size=largest or PICTURE_BYTES)
        async with running(
            lambda _: argv(source, outputs),
            outputs=0,
            confinement=Confinement(options.ffmpeg),
            limits=limits,
            inherited=[source, *outputs],
        ) as process:
            await check_exit(process, "")
            made = [read_whole(output) for output in outputs]
            if not all(made):
                raise MediaFault("source_damaged", "No picture can be decoded.", process.stderr_tail)
    return made


async def _uploaded(
    image: bytes, argv: Callable[[str, int, Sequence[int]], list[str]], count: int, options: EncoderOptions
) -> list[bytes]:
    """What FFmpeg makes of an image that a person sent. Raises BadImage.

    What it is, is told by its first bytes alone, and only the decoder of that format sees it.
    """
    content_type = image_type(image)
    if content_type is None:
        raise BadImage(f"The file is no image of these types: {', '.join(IMAGE_DEMUXERS)}.")
    try:
        return await _convert(image, lambda source, to: argv(content_type, source, to), count, options)
    except (MediaFault, EncoderFailed) as error:
        if "exceeds specified max pixel count" in error.evidence:
            raise BadImage(f"The image has more than {MAX_UPLOAD_PIXELS:,} pixels.") from error
        raise BadImage("The image cannot be decoded: it is damaged, cut off or too costly.") from error


async def _exit_code(process: Process) -> int:
    try:
        return await process.wait()
    except ProcessTimedOut:
        return -1  # told by check_exit


def _poster(made: list[bytes], *, portrait: bool) -> Poster:
    if not all(made):
        raise MediaFault("source_damaged", "No picture can be decoded.")
    return Poster(made[0], blurhash(made[1], portrait=portrait))
