"""The MP4 file over the cells has their frames, at their times, and opens everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.boxes import BadFragment
from matinee.media.cells import Cell
from matinee.media.progressive import Layout, Track, lay_out

from .films import brightness, ffmpeg, frame_hashes, samples, stream_facts
from .playing import audio_cells, joined, planned, video_cells
from .test_sync import onsets

Film = Callable[[str], Path]


def track(cells: list[Cell]) -> Track:
    """What the cells tell."""
    made = Track(cells[0].rendition, cells[0].init)
    for cell in cells:
        made.add(cell.data[:4096])
    return made


def written(layout: Layout, cells: list[Cell], path: Path) -> Path:
    """The file, as a client that reads it whole gets it."""
    objects = {(cell.rendition, cell.index): cell.data for cell in cells}
    media = (objects[p.rendition, p.index][p.offset : p.offset + p.length] for p in layout.pieces)
    path.write_bytes(layout.head + b"".join(media))
    assert path.stat().st_size == layout.size
    return path


async def test_it_has_the_frames_and_times_of_the_cells(film: Film, tmp_path: Path) -> None:
    """Every packet, of picture and sound, byte by byte and tick by tick; every decoded picture."""
    source = film("h264.mp4")
    plan = await planned(source)
    made = await video_cells(source, plan)
    picture, sound = made[plan.video[-1].name], await audio_cells(source, plan)
    path = written(lay_out([track(picture), track(sound)]), [*picture, *sound], tmp_path / "film.mp4")
    for cells, stream in ((picture, "v:0"), (sound, "a:0")):
        fragments = joined(cells, tmp_path / "fragments.mp4")
        assert frame_hashes(path, stream, "-c", "copy") == frame_hashes(fragments, stream, "-c", "copy")
        assert frame_hashes(path, stream) == frame_hashes(fragments, stream)
    assert [float(start) for start in stream_facts(path, "start_time")[0].split()] == [0, 0]


@pytest.mark.parametrize("name", ["copied.mp4", "encoded.mkv"])
async def test_flash_and_beep_agree(film: Film, tmp_path: Path, name: str) -> None:
    """Copied sound begins between two frames of its own, and is placed there."""
    source = film(name)
    plan = await planned(source)
    picture, sound = (await video_cells(source, plan))[plan.video[0].name], await audio_cells(source, plan)
    path = written(lay_out([track(picture), track(sound)]), [*picture, *sound], tmp_path / "film.mp4")
    bright = [level > 128 for level in brightness(path)]
    flashes = [at / 25 for at in range(len(bright)) if bright[at] and not (at and bright[at - 1])]
    beeps = onsets(samples(path))
    assert len(flashes) == len(beeps) == 3
    assert all(abs(flash - beep) < 1 / 25 for flash, beep in zip(flashes, beeps, strict=True))


async def test_picture_or_sound_alone_is_a_file_too(film: Film, tmp_path: Path) -> None:
    """One track."""
    source = film("silent.mp4")
    plan = await planned(source)
    picture = (await video_cells(source, plan))[plan.video[0].name]
    path = written(lay_out([track(picture)]), picture, tmp_path / "film.mp4")
    assert len(frame_hashes(path, "v:0")) == plan.grid.frames
    ffmpeg("-xerror", "-i", str(path), "-f", "null", "-")


async def test_a_cell_out_of_place_is_refused(film: Film) -> None:
    """A file with a hole would play out of step."""
    source = film("silent.mp4")
    plan = await planned(source)
    picture = (await video_cells(source, plan))[plan.video[0].name]
    made = Track(picture[0].rendition, picture[0].init)
    made.add(picture[0].data[:4096])
    with pytest.raises(BadFragment, match="does not follow"):
        made.add(picture[0].data[:4096])
    with pytest.raises(BadFragment, match="description"):
        made.add(picture[1].data[:100])
