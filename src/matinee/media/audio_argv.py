"""The FFmpeg command that makes a whole sound: one process, AAC frames as ADTS to one pipe. Pure."""

from __future__ import annotations

from fractions import Fraction

from .model import AAC_FRAME_SAMPLES, AudioRendition, Plan
from .source_access import MAX_ALLOC_BYTES
from .video_argv import file_input

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
HIGHEST_PEAK = -1.0
"""dBTP that a sound which is made louder stays under (EBU R128). Higher: players that resample clip."""


def audio_argv(
    ffmpeg: str, source: str, plan: Plan, sound: AudioRendition, output: str, *, max_pixels: int
) -> list[str]:
    """The command that writes the sound's AAC frames, from the first of the encoder or source on."""
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-cpuflags", "0",  # floating point rounds otherwise on another kind of CPU; it takes a tenth more time
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-vn", "-sn", "-dn",  # other streams are not even decoded
        *sound_input(source, plan, sound, None, max_pixels),
        "-map", f"0:{sound.stream}",
        *(_copy() if sound.passthrough else _encode(plan, sound)),
        "-map_metadata", "-1",
        "-write_id3v2", "0",
        "-flush_packets", "1",
        "-f", "adts", output,
    ]  # fmt: skip


def sound_input(source: str, plan: Plan, sound: AudioRendition, entry: Fraction | None, max_pixels: int) -> list[str]:
    """The input options of the file that a sound comes from, entered at a second of the grid."""
    container, start_time = plan.source.container, plan.source.start_time
    if sound.file is not None:
        container, start_time = sound.file.container, sound.file.start_time
    return file_input(source, container, Fraction(*start_time), entry, max_pixels)


def _copy() -> list[str]:
    return [
        "-c:a", "copy",
        "-copypriorss:a", "1",  # keep the packets before 0: the plan counts the priming
    ]  # fmt: skip


def _encode(plan: Plan, sound: AudioRendition) -> list[str]:
    # of a clip, those of the whole film: what the encoder makes of the last frames depends on what follows them
    samples = (sound.track_frames or sound.first_frame_at(plan.grid.duration)) * AAC_FRAME_SAMPLES
    filters = (
        # Gaps become silence and what is before second 0 is cut, so that sample numbers are times.
        f"aresample={sound.sample_rate}:ochl={LAYOUTS[sound.channels]}:async=1:first_pts=0",
        *_louder(sound.gain_db or 0.0),
        f"apad=whole_len={samples}",  # silence where the picture lasts longer
        f"atrim=end_sample={samples}",  # and no sound after it
    )
    return [
        "-af", ",".join(filters),
        "-c:a", "aac", "-b:a", str(sound.bit_rate),
        "-fflags", "+bitexact", "-flags:a", "+bitexact",
    ]  # fmt: skip


def _louder(gain_db: float) -> list[str]:
    if gain_db == 0:
        return []
    # Between the places that were measured there may be louder ones. `latency`: the look ahead moves no sample.
    limit = [f"alimiter=limit={HIGHEST_PEAK}dB:level=false:latency=true"] if gain_db > 0 else []
    return ["aformat=sample_fmts=fltp", f"volume={gain_db}dB", *limit]
