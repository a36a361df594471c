"""The FFmpeg command that makes cells of video: one process, one decode, every rung to its own pipe. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from .encoder_argv import encoder_argv, transfer
from .model import Grid, Plan, VideoRendition, Watermark
from .source_access import MAX_ALLOC_BYTES, input_guards, input_name
from .watermark import mark_filters, mark_input, overlay

THREADS = 2
"""Of the decoder and of the filters."""

MISSING_SECONDS = Fraction(1)
"""How much a source may end before the probe said; its last picture stays on so long."""

# Formats whose index names the exact place of every keyframe.
_INDEXED = frozenset(("mov", "matroska"))
_ENTRY_MARGINS = (Fraction(0), Fraction(2), Fraction(12))


def runs(plan: Plan, cells: range) -> list[range]:
    """What one process makes of these cells: each alone, or everything of a source that cannot be entered.

    Alone, because an encoder's rate control remembers: what it made of a cell would depend on those before it.
    """
    return [range(index, index + 1) for index in cells] if plan.source.seekable else [range(plan.grid.cells)]


def entry_points(plan: Plan, first_cell: int) -> list[Fraction | None]:
    """Where to enter the source for a cell, in seconds of the grid, best guess first; None is its beginning.

    A later guess is for when the one before turned out to lie behind the cell's first frame: formats without an
    index are entered at any packet, and decode from the next keyframe on.
    """
    first = plan.grid.source_frames(range(first_cell, first_cell + 1)).start / plan.grid.rate.fraction
    if first == 0 or not plan.source.seekable:
        return [None]
    margins = _ENTRY_MARGINS if plan.source.container in _INDEXED else _ENTRY_MARGINS[1:]
    last_picture = Fraction(*plan.source.video_end) - 1  # entering behind the last picture gives none
    points = [min(first, last_picture) - margin for margin in margins]
    return [*(point for point in points if point > Fraction(*plan.source.video_start)), None]


def cells_argv(
    ffmpeg: str,
    source: str,
    plan: Plan,
    cells: range,
    renditions: Sequence[VideoRendition],
    outputs: Sequence[str],
    *,
    entry: Fraction | None,
    hold: bool = False,
    mark: int | None = None,
    max_pixels: int,
    device: str = "",
) -> list[str]:
    """The command that writes each rendition's cells, as fragmented MP4, to the output of its place.

    With `hold` the last picture that can be decoded stays on for as long as is needed. `mark` is the descriptor of
    the image that the plan's watermark, where it has one, is made of, `device` one that encodes for VA-API.
    """
    if (mark is None) != (plan.watermark is None):
        raise ValueError("an image is needed for a plan with a watermark, and for no other")
    frames = plan.grid.source_frames(cells)  # as in the film itself: a clip's cells are the film's, to the byte
    held = frames.stop if hold else _held_frames(plan, frames)
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-max_error_rate", "1",  # what is missing shows in what comes out
        "-max_alloc", str(MAX_ALLOC_BYTES),
        *device_argv(renditions, device),
        *_input(source, plan, entry, max_pixels),
        *(mark_input(mark) if mark is not None else ()),
        "-filter_complex_threads", str(THREADS),
        "-filter_complex", _graph(plan, frames, renditions, held, from_start=entry is None),
        *(
            argument
            for place, (rendition, output) in enumerate(zip(renditions, outputs, strict=True))
            for argument in _output(plan.grid, cells, place, rendition, output)
        ),
    ]  # fmt: skip


def device_argv(renditions: Sequence[VideoRendition], device: str) -> list[str]:
    """What opens the GPU that pictures are loaded up to; NVENC's opens itself, and takes them from memory."""
    if all(rendition.encoder != "h264_vaapi" for rendition in renditions):
        return []
    return ["-init_hw_device", f"vaapi=gpu:{device}", "-filter_hw_device", "gpu"]


def seconds(moment: Fraction) -> str:
    """A time as FFmpeg reads it, to the microsecond, which is all it keeps."""
    return f"{round(moment * 1_000_000) / 1_000_000:.6f}"


def source_input(source: str, plan: Plan, entry: Fraction | None, max_pixels: int) -> list[str]:
    """The input options: guarded, entered at a point, and with second 0 of the grid at timestamp 0."""
    return file_input(source, plan.source.container, plan.source.start, entry, max_pixels)


def file_input(source: str, container: str, origin: Fraction, entry: Fraction | None, max_pixels: int) -> list[str]:
    """The same for any file, whose timestamp `origin` is second 0 of the grid."""
    entered = (
        ["-seek_timestamp", "1",  # the point is a timestamp of the source, not a distance from its start
         "-noaccurate_seek",  # frames before the cell are dropped by number, not by a time that may round
         "-ss", seconds(origin + entry)]
        if entry is not None
        else []
    )  # fmt: skip
    return [
        *input_guards(source, (container,), max_pixels),
        "-copyts",  # else FFmpeg shifts the first packet it meets to 0, wherever that is
        "-itsoffset", seconds(-origin),
        *entered,
        "-i", input_name(source),
    ]  # fmt: skip


def _input(source: str, plan: Plan, entry: Fraction | None, max_pixels: int) -> list[str]:
    return [
        "-threads", str(THREADS),  # frames in the decoder are memory
        "-an", "-sn", "-dn",  # other streams are not even decoded
        *source_input(source, plan, entry, max_pixels),
    ]  # fmt: skip


def _graph(plan: Plan, frames: range, renditions: Sequence[VideoRendition], held: int, *, from_start: bool) -> str:
    """Decoded pictures to the exact frames of the cells, once, then to each rung's size.

    After `fps` a timestamp is the frame's number on the grid, so that frames are picked by number.
    """
    grid = plan.grid
    steps = ["bwdif=mode=send_frame:deint=interlaced"] if plan.source.interlaced else []
    # From the beginning of the source, time before its first picture shows that picture. Not after an entry in
    # the middle: there a missing beginning means that the entry was late, and has to show.
    steps.append(f"fps={grid.rate.num}/{grid.rate.den}" + (":start_time=0" if from_start else ""))
    if held:
        steps.append(f"tpad=stop_mode=clone:stop={held}")
    steps += [f"trim=start_pts={frames.start}:end_pts={frames.stop}", f"setpts=PTS-{frames.start}"]
    head = f"[0:{plan.source.video_stream}]{','.join(steps)}"
    mark = plan.watermark
    marks = mark_filters(mark, renditions, f"{grid.rate.den}/{grid.rate.num}") if mark else []
    chains = [f"{rung_filters(plan, rung)}{_end(mark, rung, place)}" for place, rung in enumerate(renditions)]
    if len(renditions) == 1:
        return ";".join((*marks, f"{head},{chains[0]}"))
    taps = "".join(f"[s{place}]" for place in range(len(renditions)))
    rungs = (f"[s{place}]{chain}" for place, chain in enumerate(chains))
    return ";".join((*marks, f"{head},split={len(renditions)}{taps}", *rungs))


def _end(mark: Watermark | None, rung: VideoRendition, place: int) -> str:
    """What follows a rung's own filters: its output, with the watermark over it where there is one."""
    over = f"[p{place}];[p{place}][m{place}]{overlay(mark, rung)}" if mark else ""
    return f"{over}{upload(rung)}[v{place}]"


def _held_frames(plan: Plan, frames: range) -> int:
    """How many frames the last picture may stay on at the end of these cells."""
    end = Fraction(*plan.source.video_end) - MISSING_SECONDS
    reliable = int(end * plan.grid.rate.fraction)
    return max(0, frames.stop - reliable)


def rung_filters(plan: Plan, rendition: VideoRendition) -> str:
    """Size, colour and pixel format of one rung. A rung does not depend on which others are made beside it."""
    size = f"scale={rendition.width}:{rendition.height}:flags=bicubic+bitexact"  # the same on every CPU
    if rendition.video_range != "SDR":
        return (
            f"{size}:out_range=tv,format=yuv420p10le,setsar=1,"
            f"setparams=range=tv:color_primaries=bt2020:color_trc={transfer(rendition.video_range)}:colorspace=bt2020nc"
        )
    if plan.source.hdr:
        return (
            f"{size},zscale=transfer=linear:npl=100,format=gbrpf32le,zscale=primaries=bt709,"
            "tonemap=tonemap=hable:desat=0,zscale=transfer=bt709:matrix=bt709:range=tv,"
            f"format=yuv420p,setsar=1"
        )
    return (
        f"{size}:in_color_matrix={plan.source.matrix}:out_color_matrix=bt709:out_range=tv,"
        "format=yuv420p,setsar=1,"
        "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    )


def upload(rendition: VideoRendition) -> str:
    """What follows the filters of a rung whose encoder takes pictures from the GPU's memory alone."""
    return ",format=nv12,hwupload" if rendition.encoder == "h264_vaapi" else ""


def _output(grid: Grid, cells: range, place: int, rendition: VideoRendition, output: str) -> list[str]:
    return [
        "-map", f"[v{place}]",
        *encoder_argv(rendition),
        "-maxrate", str(rendition.max_bit_rate), "-bufsize", str(rendition.buffer_bits),
        "-force_key_frames", _keyframes(grid, cells),
        "-g", str(2 * grid.frames_per_cell),  # only the forced ones: a cell has exactly one keyframe
        "-sc_threshold", "0",  # an extra keyframe at a scene cut would split a cell
        "-flags", "+cgop",  # no frame refers across a cell's start
        "-fps_mode", "passthrough",  # the frames are exact already
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-fflags", "+bitexact", "-flags:v", "+bitexact",  # no version strings: same bytes from the same cell
        "-video_track_timescale", str(grid.timescale),
        "-movflags",
        "+cmaf+frag_keyframe"  # a fragment a keyframe, which is a fragment a cell
        "+delay_moov"  # the edit list needs the first timestamps; without it the picture is two frames late
        "+default_base_moof+skip_trailer",
        *(() if rendition.states_cap else ("-write_btrt", "0")),
        "-flush_packets", "1",  # a cell is wanted when it is done, not when a buffer is full
        "-f", "mp4", output,
    ]  # fmt: skip


def _keyframes(grid: Grid, cells: range) -> str:
    """True on the first frame of every cell, counted by time and not by frames that arrived."""
    number = f"round(t*{grid.rate.num}/{grid.rate.den})"
    if len(cells) == 1:
        return f"expr:not({number})"
    first = grid.first_frame(cells.start)
    second, last = (grid.first_frame(index) - first for index in (cells.start + 1, cells.stop - 1))
    regular = f"not(mod({number}-{second},{grid.frames_per_cell}))*gte({number},{second})*lte({number},{last})"
    return f"expr:not({number})+{regular}"
