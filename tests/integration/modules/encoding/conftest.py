"""A film on disk becomes a video that waits for its ingest, on real servers; workers run in the test or beside it."""

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.storage.s3 import S3Storage
from matinee.media.binaries import find_binaries

SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=5"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12"]
# 12 s at 5 frames a second: cells of 5, 20, 20 and 15 frames in two chunks, v360 and v240, and sound to be encoded
FILMS = {
    "film.mkv": [*PICTURE, *SOUND, "-t", "12", *X264, "-c:a", "libopus"],
    # it conforms: its own picture is offered, cut at keyframes that are 4.8 s apart
    "conforming.mp4": [*PICTURE, *SOUND, "-t", "34", *X264, "-g", "24", "-c:a", "aac"],
    # 33 cells, of which a viewer's minute is less than half
    "long.mkv": [*PICTURE, "-t", "127", *X264],
    # its index comes first, so that what is cut off is known to be missing
    "indexed.mp4": [*PICTURE, "-t", "6", *X264, "-movflags", "+faststart"],
    # nine cells in three chunks, one rung
    "three-chunks.mkv": ["-f", "lavfi", "-i", "testsrc2=size=426x240:rate=5", "-t", "32", *X264],
    # three cells, three rungs
    "three-rungs.mkv": ["-f", "lavfi", "-i", "testsrc2=size=854x480:rate=5", "-t", "6", *X264],
    # noise: more bytes than a few blocks of a source
    "heavy.mkv": [*PICTURE, "-vf", "noise=alls=60:allf=t", "-t", "14", *X264, "-qp", "6"],
    # every rung of it is easy
    "easy.mkv": [
        # a seed alone leaves its colours to chance
        *("-f", "lavfi", "-i", "gradients=s=854x480:r=5:speed=0.00001:seed=3:c0=0x203040:c1=0xd0b080"),
        *("-t", "30", *X264),
    ],
    "silent.mp4": [*PICTURE, "-t", "6", *X264],
    # English in 5.1, German, which is the default, and French in mono
    "dubbed.mkv": [
        *PICTURE,
        *("-f", "lavfi", "-i", "sine=440:r=48000,aformat=channel_layouts=5.1"),
        *("-f", "lavfi", "-i", "sine=880:r=48000,aformat=channel_layouts=stereo"),
        *("-f", "lavfi", "-i", "sine=1760:r=48000"),
        *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:a", "-t", "12", *X264),
        *("-c:a:0", "ac3", "-c:a:1", "aac", "-c:a:2", "libopus"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=fra"),
        *("-metadata:s:a:1", "title=Synchron", "-disposition:a:0", "0", "-disposition:a:1", "default"),
    ],
    "soft.mp4": [
        *PICTURE,
        *("-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.08:seed=1,aformat=channel_layouts=stereo"),
        *("-t", "9", *X264, "-c:a", "aac"),
    ],
    "loud.mkv": [
        *PICTURE,
        *("-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.9:seed=1,aformat=channel_layouts=stereo"),
        *("-t", "9", *X264, "-c:a", "flac"),
    ],
    "hushed.mp4": [
        *PICTURE,
        *("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "9", *X264, "-c:a", "aac"),
    ],
    "live.webm": [
        *PICTURE,
        "-t",
        "10",
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-g",
        "12",
        "-live",
        "1",
    ],
    "sound.mp3": [*SOUND, "-t", "9", "-c:a", "libmp3lame"],
    # 76 cells of noise, more than pipes hold when it is held by the brake
    "long.mp3": ["-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1:seed=1", "-t", "300", "-c:a", "libmp3lame"],
}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """A film's bytes by name, made at the first asking."""
    folder = tmp_path_factory.mktemp("films")

    def make(name: str) -> bytes:
        path = folder / name
        if not path.exists():
            command = [find_binaries().ffmpeg, "-v", "error", *FILMS[name], str(path)]
            subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
        return path.read_bytes()

    return make


@pytest.fixture
def stage(settings: Settings, database: Database, storage: S3Storage, queue: JobQueue) -> Stage:
    """Videos, and what became of them."""
    return Stage(settings, database, storage, queue)


_references: dict[str, str] = {}


@pytest.fixture
async def reference(stage: Stage, film: Callable[[str], bytes]) -> dict[str, str]:
    """The SHA-256 of every object that `film.mkv` becomes when nothing goes wrong."""
    if not _references:
        _references.update(await stage.fingerprints(await stage.complete(film("film.mkv"))))
    return _references


@pytest.fixture
async def worker(stage: Stage) -> AsyncIterator[None]:
    """A worker within the test's own process."""
    async with stage.working():
        yield


@pytest.fixture
async def theatre(stage: Stage) -> AsyncIterator[Theatre]:
    """An API process's viewers."""
    async with Theatre.open(stage) as theatre:
        yield theatre


@pytest.fixture
def worker_process(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """Starts worker processes, with changed settings if wished; those left at the end of the test are killed."""
    started: list[WorkerProcess] = []

    def start(command: Sequence[str] = (), **changes: object) -> WorkerProcess:
        log = tmp_path / f"worker-{len(started)}.log"
        process = WorkerProcess(msgspec.structs.replace(settings, **changes), log, command=command)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        print(process.log.read_text())  # shown where the test failed
