"""The FFmpeg command that makes the whole sound track: one process, AAC frames as ADTS to one pipe. Pure."""

from __future__ import annotations

from .model import AAC_FRAME_SAMPLES, AudioRendition, Plan
from .source_access import MAX_ALLOC_BYTES
from .video_argv import source_input

_LAYOUTS = {1: "mono", 2: "stereo"}


def audio_argv(ffmpeg: str, source: str, plan: Plan, output: str, *, max_pixels: int) -> list[str]:
    """The command that writes the track's AAC frames, from the first of the encoder or source on."""
    audio = plan.audio
    if audio is None:
        raise LookupError("the plan has no audio rendition")
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-cpuflags", "0",  # floating point rounds otherwise on another kind of CPU; it takes a tenth more time
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-vn", "-sn", "-dn",  # other streams are not even decoded
        *source_input(source, plan, None, max_pixels),
        "-map", f"0:{plan.source.audio_stream}",
        *(_copy() if audio.passthrough else _encode(plan, audio)),
        "-map_metadata", "-1",
        "-write_id3v2", "0",
        "-flush_packets", "1",
        "-f", "adts", output,
    ]  # fmt: skip


def _copy() -> list[str]:
    return [
        "-c:a", "copy",
        "-copypriorss:a", "1",  # keep the packets before 0: the plan counts the priming
    ]  # fmt: skip


def _encode(plan: Plan, audio: AudioRendition) -> list[str]:
    samples = audio.first_frame_at(plan.grid.duration) * AAC_FRAME_SAMPLES
    filters = (
        # Gaps become silence and what is before second 0 is cut, so that sample numbers are times.
        f"aresample={audio.sample_rate}:ochl={_LAYOUTS[audio.channels]}:async=1:first_pts=0",
        f"apad=whole_len={samples}",  # silence where the picture lasts longer
        f"atrim=end_sample={samples}",  # and no sound after it
    )
    return [
        "-af", ",".join(filters),
        "-c:a", "aac", "-b:a", str(audio.bit_rate),
        "-fflags", "+bitexact", "-flags:a", "+bitexact",
    ]  # fmt: skip
