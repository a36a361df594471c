"""A clip shows exactly the frames that were asked for, and what it shares with its film is the film's to the byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.blurhash import SIDE, blurhash
from matinee.media.cells import Cell
from matinee.media.clips import cut, film_cell, film_sound_cells, moved_cell, moved_sound
from matinee.media.model import Plan
from matinee.media.pictures import make_poster
from matinee.media.plan import make_plan
from matinee.media.probe import probe

from .conftest import FLASH, X264, X264_B
from .films import brightness, counted_picture, ffmpeg, frame_numbers, samples, tone
from .playing import audio_cells, joined, planned, video_cells
from .test_sync import onsets

Film = Callable[[str], Path]
SHARED = 2  # the film's cell of frames 125 to 224


@pytest.fixture(scope="module")
async def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A film of two rungs and four cells: 25, 100, 100 and 30 frames."""
    source = tmp_path_factory.mktemp("clips") / "long.mp4"
    ffmpeg(*counted_picture(255, width=640, height=360), *tone(10.2), *X264, "-g", "37", "-c:a", "ac3", str(source))
    return source, await planned(source)


_made: dict[range, dict[str, list[Cell]]] = {}


async def cells_of(long: tuple[Path, Plan], frames: range) -> dict[str, list[Cell]]:
    """Those of a part of the film, in every rung; made once."""
    source, film = long
    if frames not in _made:
        _made[frames] = await video_cells(source, cut(film, frames))
    return _made[frames]


class TestPictures:
    @pytest.mark.parametrize(
        "frames", [range(37, 250), range(255), range(10, 130), range(120, 155), range(228, 241), range(125, 225)]
    )
    async def test_it_shows_the_frames_that_were_asked_for(
        self, long: tuple[Path, Plan], tmp_path: Path, frames: range
    ) -> None:
        """From the first to the last, in every rung, wherever the film's cells begin."""
        made = await cells_of(long, frames)
        assert len(made) == len(long[1].video) == 2
        for name, cells in made.items():
            assert frame_numbers(joined(cells, tmp_path / f"{name}.mp4")) == list(frames)

    async def test_a_shared_cell_is_the_films_to_the_byte(self, long: tuple[Path, Plan]) -> None:
        """Copied or encoded, it is the same."""
        source, film = long
        frames = range(37, 250)  # 88 frames, a whole cell, and 25
        clip = cut(film, frames)
        in_film, in_clip = await video_cells(source, film), await cells_of(long, frames)
        for rung in film.video:
            assert [film_cell(film, clip, rung.name, index) for index in range(3)] == [None, SHARED, None]
            theirs = in_film[rung.name][SHARED]
            assert moved_cell(clip, rung.name, 1, theirs.init, theirs.data) == in_clip[rung.name][1]
            assert theirs.data != in_clip[rung.name][1].data  # its time is another one

    async def test_a_source_that_cannot_be_entered_is_cut_exactly(self, film: Film, tmp_path: Path) -> None:
        """It is decoded from its beginning."""
        source = film("live.webm")
        plan = make_plan(await probe(str(source)))
        assert not plan.source.seekable
        made = await video_cells(source, cut(plan, range(30, 140)))
        for cells in made.values():
            assert frame_numbers(joined(cells, tmp_path / "cut.mp4")) == list(range(30, 140))

    async def test_the_poster_is_a_picture_of_the_clip(self, tmp_path: Path) -> None:
        """The film around it is not for the clip's viewers."""
        source = tmp_path / "striped.mp4"
        white, black = (f"color={c}:s=320x180:r=25:d=4" for c in ("white", "black"))
        ffmpeg("-f", "lavfi", "-i", white, "-f", "lavfi", "-i", black, "-f", "lavfi", "-i", white,
               "-filter_complex", "[0][1][2]concat=n=3", *X264_B, "-g", "500", str(source))  # fmt: skip
        film = await planned(source)
        dark = blurhash(bytes(SIDE * SIDE * 3), portrait=False)
        for frames in (range(100, 200), range(110, 125)):
            poster = await make_poster(str(source), cut(film, frames))
            assert poster.placeholder == dark
            assert (await make_poster(str(source), cut(film, range(20, 90)))).placeholder != dark


class TestSound:
    @pytest.mark.parametrize("name", ["copied.mp4", "encoded.mkv", "mono.mov"])
    async def test_sound_copied_is_the_sound_encoded(self, film: Film, name: str) -> None:
        """Byte for byte, whichever way it is made, up to the last frame of the film and before it."""
        source = film(name)
        plan = await planned(source)
        theirs = {cell.index: cell.data for cell in await audio_cells(source, plan)}
        for frames in (range(plan.grid.frames), range(30, 120), range(13, plan.grid.frames), range(40)):
            clip = cut(plan, frames)
            made = await audio_cells(source, clip)
            assert [cell.index for cell in made] == list(range(clip.grid.cells))
            assert clip.audio
            for cell in made:
                places = film_sound_cells(plan, clip, clip.audio, cell.index)
                held = {place: theirs[place] for place in places}
                assert moved_sound(plan, clip, clip.audio, cell.index, held) == cell

    async def test_a_clip_of_a_clip_has_the_sound_of_the_film(self, film: Film) -> None:
        """From the clip's cells, or from the source."""
        source = film("encoded.mkv")
        outer = cut(await planned(source), range(10, 140))
        inner = cut(outer, range(15, 120))
        theirs = {cell.index: cell.data for cell in await audio_cells(source, outer)}
        assert inner.audio
        for cell in await audio_cells(source, inner):
            places = film_sound_cells(outer, inner, inner.audio, cell.index)
            held = {place: theirs[place] for place in places}
            assert moved_sound(outer, inner, inner.audio, cell.index, held) == cell

    @pytest.mark.parametrize("codec", ["aac", "libopus"])
    async def test_flash_and_beep_agree(self, tmp_path: Path, codec: str) -> None:
        """Copied or encoded sound stays with its picture."""
        source = tmp_path / "film.mp4"
        ffmpeg(*FLASH, *X264_B, "-c:a", codec, str(source))
        clip = cut(await planned(source), range(77, 140))  # of flashes at 3.96 s and 5.2 s
        made = await video_cells(source, clip)
        picture = joined(made[clip.video[-1].name], tmp_path / "picture.mp4")
        sound = joined(await audio_cells(source, clip), tmp_path / "sound.mp4")
        bright = [level > 128 for level in brightness(picture)]
        flashes = [at / 25 for at in range(len(bright)) if bright[at] and not bright[at - 1]]
        assert clip.audio is not None
        late = clip.audio.first_sample / clip.audio.sample_rate  # the joined file begins with its first frame
        beeps = [beep + late for beep in onsets(samples(sound))]
        assert flashes == pytest.approx([3.96 - 3.08, 5.2 - 3.08], abs=0.001)
        assert beeps == pytest.approx(flashes, abs=0.02)
