"""The film that `matinee demo` shows where it is given none."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from matinee.cli.demo import make_film
from matinee.media.binaries import find_binaries

SECONDS = 2
RATE = 30


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one."""
    return make_film(tmp_path_factory.mktemp("demo") / "film.mp4", SECONDS)


def ffmpeg(film: Path, *arguments: str) -> bytes:
    command = [find_binaries().ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(film), *arguments, "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def probe(film: Path) -> dict[str, Any]:
    command = [find_binaries().ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_format", str(film)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


class TestMakeFilm:
    def test_it_is_as_long_as_it_should_be(self, film: Path) -> None:
        """Picture and sound."""
        found = probe(film)
        assert [stream["codec_name"] for stream in found["streams"]] == ["h264", "aac"]
        assert float(found["format"]["duration"]) == pytest.approx(SECONDS, abs=0.1)
        assert (found["streams"][0]["width"], found["streams"][0]["nb_frames"]) == (1280, str(SECONDS * RATE))

    def test_every_frame_differs_from_the_others(self, film: Path) -> None:
        """A counter runs in it: a player that skips or repeats frames is caught."""
        size = 160 * 90
        frames = ffmpeg(film, "-vf", "scale=160:90,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo")
        seen = {hashlib.sha256(frames[at : at + size]).digest() for at in range(0, len(frames), size)}
        assert len(seen) == len(frames) // size == SECONDS * RATE

    def test_each_second_begins_with_a_beep(self, film: Path) -> None:
        """Louder than what follows: whether sound and picture belong together can be heard."""
        rate = 8000
        samples = memoryview(ffmpeg(film, "-vn", "-ac", "1", "-ar", str(rate), "-f", "s16le")).cast("h")

        def loudness(start: float, end: float) -> float:
            part = samples[int(start * rate) : int(end * rate)]
            return sum(abs(sample) for sample in part) / len(part)

        assert loudness(1.5, 1.9) > 100
        assert loudness(1.0, 1.2) > 1.2 * loudness(1.5, 1.9)

    def test_it_is_made_once(self, film: Path) -> None:
        """The next demo starts with it."""
        before = film.stat().st_mtime_ns
        assert make_film(film, SECONDS) == film
        assert film.stat().st_mtime_ns == before
        assert [path.name for path in film.parent.iterdir()] == ["film.mp4"]
