"""The FFmpeg commands that make pictures: poster, thumbnail, sheet, preview. Pure.

All outputs are files in memory (see memory_files.py). A JPEG carries full-range BT.601, as its readers assume; WebP
is BT.601 by its definition; AVIF says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import msgspec

from .blurhash import SIDE as HASH_SIDE
from .memory_files import PROTOCOL, as_input, as_output
from .model import CopiedRendition, Plan, Rate, VideoRendition, Watermark
from .poster_choice import FRAME_HEIGHT, FRAME_WIDTH, picture_span
from .source_access import MAX_ALLOC_BYTES
from .storyboard import Storyboard
from .thumbnails import Format, ThumbnailSize
from .video_argv import THREADS, seconds, source_input
from .watermark import mark_filters, mark_input, overlay

WINDOW_FRAMES = 48  # compared for the most typical one; all of them are in memory at once, small
JUDGED_EVERY = 16  # frames; three of a window
POSTER_SIDE = 1280  # pixels of the longer side at most

PREVIEW_CLIPS, PREVIEW_CLIP_SECONDS, PREVIEW_RATE = 4, 1, 10
PREVIEW_SIDE = 320

IMAGE_DEMUXERS = {"image/jpeg": "jpeg_pipe", "image/png": "png_pipe", "image/webp": "webp_pipe"}
"""The demuxer that opens an uploaded image of each type, and no other does."""

_JPEG_COLOUR = "out_color_matrix=bt601:out_range=pc,format=yuvj420p,setsar=1"
_WEBP_COLOUR = "out_color_matrix=bt601:out_range=tv,format=yuv420p,setsar=1"
_AVIF_COLOUR = (
    "out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1,"
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
)
_JPEG = ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe"]
_REPRODUCIBLE = ["-map_metadata", "-1", "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
_ENCODERS: dict[Format, tuple[str, list[str]]] = {
    "jpg": (_JPEG_COLOUR, ["-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe"]),
    "webp": (_WEBP_COLOUR, ["-c:v", "libwebp", "-quality", "75", "-f", "image2pipe"]),
    "avif": (
        _AVIF_COLOUR,
        ["-c:v", "libaom-av1", "-still-picture", "1", "-usage", "allintra", "-cpu-used", "8",
         "-crf", "32", "-b:v", "0", "-f", "avif"],
    ),
}  # fmt: skip


def poster_size(width: int, height: int) -> tuple[int, int]:
    """The poster's width and height, from those of the picture."""
    scale = min(Fraction(1), Fraction(POSTER_SIDE, max(width, height)))
    return max(2, round(width * scale)), max(2, round(height * scale))


def candidate_argv(
    ffmpeg: str,
    source: str,
    plan: Plan,
    outputs: Sequence[int],
    *,
    entry: Fraction | None,
    mark: int | None = None,
    max_pixels: int,
) -> list[str]:
    """Writes the most typical picture of a window as JPEG, its pixels for the hash, and frames to judge it by.

    `mark` is the descriptor of the image of the plan's watermark, where it has one.
    """
    jpeg, pixels, frames = outputs
    width, height = poster_size(plan.source.width, plan.source.height)
    deinterlace = "bwdif=mode=send_frame:deint=interlaced," if plan.source.interlaced else ""
    matrix = plan.source.matrix
    tone, matrix = (
        (
            ",zscale=transfer=linear:npl=100,format=gbrpf32le,zscale=primaries=bt709,tonemap=tonemap=hable:desat=0,"
            "zscale=transfer=bt709:matrix=bt709:range=tv",
            "bt709",
        )
        if plan.source.hdr
        else ("", matrix)
    )
    over = ""
    if plan.watermark is not None:
        over, matrix = f",{_marked(plan, plan.watermark, width, height, matrix)}", "bt709"
    graph = (
        f"[0:{plan.source.video_stream}]{_within(plan)}{deinterlace}scale={width}:{height}:flags=bicubic,split[look][judge];"
        f"[judge]select=not(mod(n\\,{JUDGED_EVERY})),scale={FRAME_WIDTH}:{FRAME_HEIGHT}:flags=area,format=gray[frames];"
        f"[look]thumbnail=n={WINDOW_FRAMES}{tone}{over},split[whole][small];"
        f"[whole]scale=in_color_matrix={matrix}:{_JPEG_COLOUR}[jpeg];{_hash_filters('small', matrix)}"
    )
    return [
        *_begin(ffmpeg),
        "-threads", str(THREADS), "-an", "-sn", "-dn",
        *source_input(source, plan, entry, max_pixels),
        *(mark_input(mark) if mark is not None else ()),
        "-filter_complex", graph,
        "-map", "[jpeg]", "-frames:v", "1", *_JPEG, *_REPRODUCIBLE, *as_output(jpeg),
        *_hash_output(pixels),
        "-map", "[frames]", "-frames:v", str(WINDOW_FRAMES // JUDGED_EVERY), "-fps_mode", "passthrough",
        "-f", "rawvideo", *as_output(frames),
    ]  # fmt: skip


def _marked(plan: Plan, mark: Watermark, width: int, height: int, matrix: str) -> str:
    """Lays the watermark over a picture of that size, in BT.709, as over a rung's."""
    shown = msgspec.structs.replace(plan.video[0], width=width, height=height)
    colour = f"in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1"
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    (chain,) = mark_filters(mark, [shown], "1/25")
    return f"scale={colour},{tags},setpts=0[pic];{chain};[pic][m0]{overlay(mark, shown)}"


def _within(plan: Plan) -> str:
    """Keeps a clip's poster to what the clip shows: the rest of the film is not for its viewers."""
    start, end = picture_span(plan)
    half = 1 / plan.grid.rate.fraction / 2
    if not plan.grid.skipped_frames and end + half >= Fraction(*plan.source.video_end):
        return ""
    return f"trim=start={seconds(start - half)}:end={seconds(end - half)},"


def frame_argv(ffmpeg: str, source: int, outputs: Sequence[int], rung: VideoRendition, frame: int) -> list[str]:
    """Writes one frame of a cell (its init segment before it) as a poster, and its pixels for the hash."""
    jpeg, pixels = outputs
    width, height = poster_size(rung.width, rung.height)
    graph = (
        f"[0:v]select=eq(n\\,{frame}),scale={width}:{height}:flags=bicubic,split[whole][small];"
        f"[whole]scale=in_color_matrix=bt709:{_JPEG_COLOUR}[jpeg];{_hash_filters('small', 'bt709')}"
    )
    return [
        *_begin(ffmpeg), "-threads", "1", *_read(source, "mov"), "-filter_complex", graph,
        "-map", "[jpeg]", "-frames:v", "1", *_JPEG, *_REPRODUCIBLE, *as_output(jpeg), *_hash_output(pixels),
    ]  # fmt: skip


def upload_argv(ffmpeg: str, image: int, outputs: Sequence[int], *, content_type: str, max_pixels: int) -> list[str]:
    """Writes an uploaded image as a poster, and its pixels for the hash."""
    jpeg, pixels = outputs
    share = f"min(1\\,{POSTER_SIDE}/max(iw\\,ih))"  # its size is not known here
    width, height = (f"max(2\\,trunc({side}*{share}/2)*2)" for side in ("iw", "ih"))
    graph = (
        f"[0:v]scale={width}:{height}:flags=bicubic,format=gbrp,split[whole][small];"
        f"[whole]scale={_JPEG_COLOUR}[jpeg];[small]scale={HASH_SIDE}:{HASH_SIDE}:flags=area,format=rgb24[pixels]"
    )
    return [
        *_begin(ffmpeg), "-threads", "1", "-max_pixels", str(max_pixels), "-err_detect", "explode", "-xerror",
        *_read(image, IMAGE_DEMUXERS[content_type]), "-filter_complex", graph,
        "-map", "[jpeg]", "-frames:v", "1", *_JPEG, *_REPRODUCIBLE, *as_output(jpeg), *_hash_output(pixels),
    ]  # fmt: skip


def cover_argv(
    ffmpeg: str, image: int, outputs: Sequence[int], *, content_type: str, width: int, height: int, max_pixels: int
) -> list[str]:
    """Writes an uploaded image as a JPEG that it fills, cut where it is too wide or too high; clear is white."""
    (output,) = outputs
    graph = (
        f"[0:v]format=gbrap,premultiply=inplace=1,scale={width}:{height}:force_original_aspect_ratio=increase"
        f":flags=bicubic+bitexact,crop={width}:{height}[over];color=white:size={width}x{height},format=gbrp[under];"
        f"[under][over]overlay=alpha=premultiplied:format=gbrp,scale={_JPEG_COLOUR}[jpeg]"
    )
    return [
        *_begin(ffmpeg), "-threads", "1", "-max_pixels", str(max_pixels), "-err_detect", "explode", "-xerror",
        *_read(image, IMAGE_DEMUXERS[content_type]), "-filter_complex", graph,
        "-map", "[jpeg]", "-frames:v", "1", *_JPEG, *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def mark_argv(ffmpeg: str, image: int, outputs: Sequence[int], *, side: int, max_pixels: int) -> list[str]:
    """Writes an uploaded PNG as the PNG that is kept of it: RGBA, its longer side of so many pixels at most."""
    (output,) = outputs
    share = f"min(1\\,{side}/max(iw\\,ih))"
    return [
        *_begin(ffmpeg), "-threads", "1", "-max_pixels", str(max_pixels), "-err_detect", "explode", "-xerror",
        *_read(image, IMAGE_DEMUXERS["image/png"]),
        "-vf",
        f"format=gbrap,premultiply=inplace=1,scale=max(1\\,trunc(iw*{share})):max(1\\,trunc(ih*{share}))"
        ":flags=bicubic+bitexact,unpremultiply=inplace=1,format=rgba",
        "-map", "0:v", "-frames:v", "1",
        "-c:v", "png", "-pred", "mixed", "-f", "image2pipe", *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def thumbnail_argv(
    ffmpeg: str, keyframe: int, outputs: Sequence[int], *, size: ThumbnailSize, extension: Format, matrix: str
) -> list[str]:
    """Writes a keyframe's byte stream as a thumbnail."""
    (output,) = outputs
    colour, encoder = _ENCODERS[extension]
    crop = f"crop={size.width}:{size.height}" if size.width * size.height < size.full_width * size.full_height else ""
    filters = f"scale={size.full_width}:{size.full_height}:flags=bicubic:in_color_matrix={matrix}:{colour}"
    return [
        *_begin(ffmpeg), "-threads", "1", *_read(keyframe, "h264"),
        "-map", "0:v", "-vf", ",".join(filter(None, (filters, crop))), "-frames:v", "1",
        *encoder, *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def tiles_argv(
    ffmpeg: str, keyframes: int, outputs: Sequence[int], *, board: Storyboard, tiles: int, matrix: str
) -> list[str]:
    """Writes the keyframes of so many tiles, one byte stream, as pixels of their size.

    Those that cannot be decoded are left out, and the last one stands for what is missing at the end.
    """
    (output,) = outputs
    filters = (
        f"scale={board.tile_width}:{board.tile_height}:flags=area:in_color_matrix={matrix}:{_JPEG_COLOUR},"
        "tpad=stop=-1:stop_mode=clone"
    )
    return [
        *_begin(ffmpeg), "-max_error_rate", "1", "-threads", "1", *_read(keyframes, "h264"),
        "-map", "0:v", "-fps_mode", "passthrough", "-vf", filters, "-frames:v", str(tiles),
        "-f", "rawvideo", *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def sheet_argv(ffmpeg: str, tiles: int, outputs: Sequence[int], *, board: Storyboard, sheet: int) -> list[str]:
    """Writes the pixels of a sheet's tiles as the sheet."""
    (output,) = outputs
    count = len(board.sheet_tiles(sheet))
    rows = -(-count // board.columns)
    return [
        *_begin(ffmpeg), "-threads", "1",
        "-pixel_format", "yuvj420p", "-video_size", f"{board.tile_width}x{board.tile_height}",
        *_read(tiles, "rawvideo"),
        "-map", "0:v", "-fps_mode", "passthrough", "-vf", f"tile={board.columns}x{rows}:nb_frames={count}",
        "-frames:v", "1",
        "-c:v", "mjpeg", "-q:v", "5", "-f", "image2pipe", *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def preview_cells(cells: int) -> list[int]:
    """The cells that the preview shows the beginnings of, out of so many."""
    whole = max(1, cells - 1)  # the last one may be shorter
    return sorted({whole * (2 * clip + 1) // (2 * PREVIEW_CLIPS) for clip in range(PREVIEW_CLIPS)})


def preview_frames(rate: Rate) -> int:
    """How many frames of a cell the preview shows at most."""
    return round(rate.fraction * PREVIEW_CLIP_SECONDS)


def preview_argv(
    ffmpeg: str,
    source: int,
    outputs: Sequence[int],
    rendition: VideoRendition | CopiedRendition,
    rate: Rate,
    lengths: Sequence[int],
    *,
    matrix: str,
) -> list[str]:
    """Writes the beginnings of some cells (the init segment before them) as an animation that repeats.

    `lengths`: how many frames each has. `matrix`: how the rendition codes differences of colour.
    """
    (output,) = outputs
    step = max(1, round(rate.fraction / PREVIEW_RATE))
    most = preview_frames(rate)
    begins = "+".join(
        f"between(n\\,{start}\\,{start + min(frames, most) - 1})*not(mod(n-{start}\\,{step}))"
        for frames, start in zip(lengths, accumulate(lengths, initial=0), strict=False)
    )
    longer = max(rendition.width, rendition.height, PREVIEW_SIDE)
    sides = (rendition.width, rendition.height)
    width, height = (2 * round(Fraction(side * PREVIEW_SIDE, longer) / 2) for side in sides)
    filters = (
        f"select={begins},"
        f"scale={max(2, width)}:{max(2, height)}:flags=area:in_color_matrix={matrix}:{_WEBP_COLOUR},"
        f"settb={step * rate.den}/{rate.num},setpts=N"
    )
    return [
        *_begin(ffmpeg), "-threads", "1", *_read(source, "mov"),
        "-map", "0:v", "-fps_mode", "passthrough", "-vf", filters,
        "-c:v", "libwebp_anim", "-loop", "0", "-quality", "55", "-f", "webp", *_REPRODUCIBLE, *as_output(output),
    ]  # fmt: skip


def _begin(ffmpeg: str) -> list[str]:
    return [ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-max_alloc", str(MAX_ALLOC_BYTES)]


def _read(descriptor: int, demuxer: str) -> list[str]:
    """A file in memory, by this demuxer whatever it looks like."""
    return [
        "-protocol_whitelist", PROTOCOL, "-format_whitelist", demuxer, "-f", demuxer, *as_input(descriptor)
    ]  # fmt: skip


def _hash_filters(label: str, matrix: str) -> str:
    return f"[{label}]scale={HASH_SIDE}:{HASH_SIDE}:flags=area:in_color_matrix={matrix},format=rgb24[pixels]"


def _hash_output(descriptor: int) -> list[str]:
    return ["-map", "[pixels]", "-frames:v", "1", "-f", "rawvideo", *as_output(descriptor)]
