"""How loud a sound is, asked of the real FFmpeg: by an excerpt where the file has an index, else by its windows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from matinee.media.encode import EncoderOptions
from matinee.media.loudness import Loudness, measure, windows
from matinee.media.model import AudioRendition
from matinee.media.plan import make_plan
from matinee.media.probe import probe

from .films import ffmpeg

# Louder and softer by turns, so that whoever listens elsewhere hears something else.
SWELL = "aevalsrc='(0.02+0.25*pow(sin(t/17),2))*sin(2*PI*440*t)':s=48000:d=45,aformat=channel_layouts=stereo"
SOFT = "sine=300:r=48000:d=45,volume=-20dB,aformat=channel_layouts=stereo"
PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=45"]
SWELLING = ["-f", "lavfi", "-i", SWELL]
X264 = ["-c:v", "libx264", "-preset", "ultrafast"]
FILMS = {
    "aac.mp4": [*PICTURE, *SWELLING, *X264, "-c:a", "aac"],
    "faststart.mp4": [*PICTURE, *SWELLING, *X264, "-c:a", "aac", "-movflags", "+faststart"],
    "sound-first.mp4": [*SWELLING, *PICTURE, *X264, "-c:a", "aac"],
    "ac3.mov": [*PICTURE, *SWELLING, *X264, "-c:a", "ac3"],
    "alac.m4a": [*SWELLING, "-c:a", "alac"],
    "two.mp4": [
        *PICTURE, *SWELLING, "-f", "lavfi", "-i", SOFT, "-map", "0", "-map", "2", "-map", "1", *X264, "-c:a", "aac",
    ],
}  # fmt: skip

Film = Callable[[str], Path]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A film by its name, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("loudness")

    def make(name: str) -> Path:
        if not (folder / name).exists():
            ffmpeg(*FILMS[name], str(folder / name))
        return folder / name

    return make


async def sounds_of(film: Path) -> tuple[list[AudioRendition], Fraction]:
    plan = make_plan(await probe(str(film), size=film.stat().st_size), measured=True)
    return list(plan.sounds), Fraction(*plan.source.duration)


async def asked(film: Path, source: str, *, readable: bool = True) -> dict[str, Loudness]:
    """Measures a film of which FFmpeg is shown `source`."""
    sounds, duration = await sounds_of(film)
    with film.open("rb") as file:

        async def read(start: int, length: int) -> bytes:
            return await asyncio.to_thread(partial(os.pread, file.fileno(), length, start)) if readable else b""

        size = film.stat().st_size
        heard = windows(duration, size)
        return await measure(source, "mov", sounds, heard, options=EncoderOptions(), read=read, size=size)


class TestExcerpt:
    @pytest.mark.parametrize("name", FILMS)
    async def test_it_says_what_the_film_says(self, film: Film, name: str) -> None:
        """FFmpeg is not even shown the film: what it hears of it is in memory."""
        by_excerpt = await asked(film(name), "/nowhere.mp4")
        by_windows = await asked(film(name), str(film(name)), readable=False)
        assert by_excerpt.keys() == by_windows.keys() != set()
        for sound, loudness in by_excerpt.items():
            assert loudness.integrated == pytest.approx(by_windows[sound].integrated, abs=0.3)
            assert loudness.true_peak == pytest.approx(by_windows[sound].true_peak, abs=2)  # seams click

    async def test_sounds_are_not_mistaken_for_each_other(self, film: Film) -> None:
        """The film has the soft one first."""
        heard = await asked(film("two.mp4"), "/nowhere.mp4")
        of_stream = {sound.stream: heard[sound.name] for sound in (await sounds_of(film("two.mp4")))[0]}
        assert of_stream[1].integrated < of_stream[2].integrated - 10

    async def test_a_file_without_an_index_is_opened_by_ffmpeg(self, film: Film, tmp_path: Path) -> None:
        """A fragmented one says nowhere what lies where."""
        ffmpeg(
            "-i",
            str(film("aac.mp4")),
            "-c",
            "copy",
            "-movflags",
            "+frag_keyframe+empty_moov",
            str(tmp_path / "f.mp4"),
        )
        assert await asked(tmp_path / "f.mp4", "/nowhere.mp4") == {}
        assert (await asked(tmp_path / "f.mp4", str(tmp_path / "f.mp4")))["audio"].integrated < -5
