"""The whole ladder of a minute, against one plain FFmpeg command that makes the same; and the memory it takes."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from bench.films import film
from bench.servers import Site
from bench.studio import Studio, clear, plan_of, seconds_until, signed_in, studio
from bench.tables import Row, Target, median, progress, report
from matinee.media.binaries import find_binaries
from matinee.media.encoder_argv import ENCODER_THREADS, x264_params
from matinee.media.model import Plan, VideoRendition
from matinee.media.video_argv import THREADS
from matinee.modules.videos.schemas import Video

_TIME = Target("≤", 1.10)
_MEMORY = Target("≤", 700)
_FLAT = Target("≤", 1.10)
_FLAT_WORKER = Target("≤", 1.25)  # it keeps up to 24 MB of the source, which a short film does not fill
_LOOK_SECONDS = 0.1
_LONG_SHARE = 6.0  # percent of the ten minutes: as many chunks as tell whether memory grows


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds
    asyncio.run(_measure(site, max(1, min(rounds, 2))))


async def _measure(site: Site, rounds: int) -> None:
    short, long = film(site.folder, 1), film(site.folder, 10)
    ours, plain = [], []
    with studio(site, "encode", PASSTHROUGH="off") as place:
        async with signed_in(place.url) as client:
            short_peaks: dict[str, float] = {}
            for turn in range(rounds):
                async with _watching(place, short_peaks):
                    seconds, video = await seconds_until(client, short, _complete)
                ours.append(seconds)
                plan = plan_of(place, video.id)
                await clear(place)
                plain.append(_plain(short, plan, site.folder / "plain"))
                progress(f"round {turn + 1} of {rounds}: {ours[-1]:.1f} s, plain FFmpeg {plain[-1]:.1f} s")
            long_peaks: dict[str, float] = {}
            async with _watching(place, long_peaks):
                await seconds_until(client, long, _well_begun)
            await clear(place)
    rungs = ", ".join(rung.name for rung in plan.video)
    presets = ", ".join(sorted({rung.preset for rung in plan.video}))
    rows = [
        Row("all rungs of 1 min of 1080p30", median(ours), "s", "one plain FFmpeg command", median(plain), _TIME),
        Row("peak memory, FFmpeg of a slot", short_peaks["ffmpeg"], "MB", target=_MEMORY),
        Row("  of a film of 10 min", long_peaks["ffmpeg"], "MB", "1 min", short_peaks["ffmpeg"], _FLAT),
        Row("peak memory, worker process", short_peaks["worker"], "MB"),
        Row("  with a film of 10 min", long_peaks["worker"], "MB", "1 min", short_peaks["worker"], _FLAT_WORKER),
    ]
    notes = [
        f"Rungs: {rungs}, and sound. Slots as by default, x264 {presets}, one thread an encoder, on both sides.",
        f"The film of 10 min is encoded to {_LONG_SHARE:g} %.",
    ]
    report("encode", "Encoding", rows, notes, site.folder)


def _complete(video: Video) -> bool:
    return video.encoding is not None and video.encoding.state == "complete"


def _well_begun(video: Video) -> bool:
    return video.encoding is not None and video.encoding.percent >= _LONG_SHARE


def _plain(source: Path, plan: Plan, folder: Path) -> float:
    """Seconds of one FFmpeg process that decodes once and writes every rung, whole, and the sound."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    taps = "".join(f"[s{place}]" for place in range(len(plan.video)))
    scales = ";".join(
        f"[s{place}]scale={rung.width}:{rung.height}:flags=bicubic+bitexact,format=yuv420p[v{place}]"
        for place, rung in enumerate(plan.video)
    )
    command = [find_binaries().ffmpeg, "-y", "-v", "error", "-nostdin", "-threads", str(THREADS), "-i", str(source)]
    command += ["-filter_complex_threads", str(THREADS)]
    command += ["-filter_complex", f"[0:v]split={len(plan.video)}{taps};{scales}"]
    for place, rung in enumerate(plan.video):
        command += ["-map", f"[v{place}]", *_settings(plan, rung), str(folder / f"{rung.name}.mp4")]
    sound = ["-c:a", "copy"] if plan.audio and plan.audio.passthrough else ["-c:a", "aac", "-b:a", "128k"]
    command += ["-map", "0:a", *sound, str(folder / "audio.mp4")]
    started = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - started


def _settings(plan: Plan, rung: VideoRendition) -> list[str]:
    return [
        "-c:v", "libx264", "-preset", rung.preset, "-threads", str(ENCODER_THREADS),
        "-x264-params", x264_params(rung),
        "-profile:v", rung.profile, "-level:v", rung.level, "-crf", str(rung.crf),
        "-maxrate", str(rung.max_bit_rate), "-bufsize", str(rung.buffer_bits),
        "-force_key_frames", f"expr:not(mod(n,{plan.grid.frames_per_cell}))",
        "-g", str(2 * plan.grid.frames_per_cell), "-sc_threshold", "0", "-flags", "+cgop",
        "-movflags", "+cmaf+frag_keyframe+default_base_moof",
    ]  # fmt: skip


@asynccontextmanager
async def _watching(place: Studio, peaks: dict[str, float]) -> AsyncIterator[None]:
    """Notes the largest resident size that the kernel saw of the worker and of each FFmpeg that it starts, in MB."""
    looking = asyncio.create_task(_look(psutil.Process(place.worker.pid), peaks))
    try:
        yield
    finally:
        looking.cancel()


async def _look(worker: psutil.Process, peaks: dict[str, float]) -> None:
    while True:
        _note(peaks, "worker", worker.pid)
        with suppress(psutil.Error):
            for child in worker.children(recursive=True):
                if "ffmpeg" in child.name():
                    _note(peaks, "ffmpeg", child.pid)
        await asyncio.sleep(_LOOK_SECONDS)


def _note(peaks: dict[str, float], name: str, pid: int) -> None:
    with suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peaks[name] = max(peaks.get(name, 0.0), int(line.split()[1]) * 1024 / 1e6)
