"""One short film of every kind that is stored: its plan, and all cells of all its renditions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from matinee.media.alternatives import offered
from matinee.media.cells import Cell
from matinee.media.clips import cut, film_cell, film_sound_cells, moved_cell, moved_sound
from matinee.media.encode import encode_cells
from matinee.media.model import Plan, Watermark
from matinee.media.pictures import make_mark
from matinee.media.watermark import marked

from .conftest import X264
from .films import counted_picture, ffmpeg, tone
from .playing import audio_cells, copied_cells, planned, with_copy
from .test_hdr import film as hdr_film

Made = tuple[Plan, dict[str, list[Cell]]]

RATE = "5"  # pictures a second: few, because each takes its time
SMALL = counted_picture(10, RATE, 426, 240)  # two cells of one rung


async def _plain(arguments: Sequence[str], folder: Path) -> Made:
    source = folder / "film.mov"
    ffmpeg(*arguments, str(source))
    return await _encoded(source, await planned(source))


async def _many_sounds(folder: Path) -> Made:
    """English in stereo, German in 5.1, and a second in German that is copied."""
    source = folder / "film.mp4"
    sounds = [*tone(2), *tone(2, "5.1"), *tone(2)]
    ffmpeg(
        *SMALL, *sounds, *("-map", "0", "-map", "1", "-map", "2", "-map", "3"), *X264,
        *("-c:a:0", "ac3", "-c:a:1", "ac3", "-c:a:2", "aac"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=ger"),
        str(source),
    )  # fmt: skip
    return await _encoded(source, await planned(source))


async def _every_codec(folder: Path) -> Made:
    source = folder / "film.mp4"
    ffmpeg(*SMALL, *tone(2), *X264, "-c:a", "ac3", str(source))
    return await _encoded(source, offered(await planned(source), ["av1", "hevc"]))


async def _hdr(folder: Path) -> Made:
    """In both codecs, and tone-mapped."""
    return await _encoded(*await hdr_film(folder, "PQ", length=f"r={RATE}:d=2"))


async def _copied(folder: Path) -> Made:
    """With B-frames and keyframes 1.6 s apart, so that its cells are not those of the grid."""
    source = folder / "film.mp4"
    picture = counted_picture(30, RATE, 640, 360)
    ffmpeg(*picture, *tone(6), *X264, "-bf", "2", "-g", "8", "-sc_threshold", "0", "-c:a", "aac", str(source))
    plan, index = await with_copy(source)
    assert plan.copied is not None, plan.reasons
    assert index is not None
    _, cells = await _encoded(source, plan)
    return plan, {**cells, plan.copied.name: copied_cells(source, plan, index)}


async def _clip(folder: Path) -> Made:
    """Of three cells, of which two are moved here from the film, as is all its sound."""
    source = folder / "film.mp4"
    ffmpeg(*counted_picture(30, RATE), *tone(6), *X264, "-c:a", "ac3", str(source))
    film, theirs = await _encoded(source, await planned(source))
    clip = cut(film, range(2, 30))
    [rung], [sound] = clip.video, clip.sounds
    assert [film_cell(film, clip, rung.name, index) for index in range(clip.grid.cells)] == [None, 1, 2]
    pictures = [cell async for cell in encode_cells(str(source), clip, range(1))]
    pictures += [moved_cell(clip, rung.name, i, theirs[rung.name][i].init, theirs[rung.name][i].data) for i in (1, 2)]
    sounds = []
    for index in range(clip.grid.cells):
        held = {place: theirs[sound.name][place].data for place in film_sound_cells(film, clip, sound, index)}
        sounds.append(moved_sound(film, clip, sound, index, held))
    return clip, {rung.name: pictures, sound.name: sounds}


async def _watermarked(folder: Path) -> Made:
    source, image = folder / "film.mp4", folder / "mark.png"
    ffmpeg(*SMALL, *X264, str(source))
    ffmpeg("-f", "lavfi", "-i", "color=white@0.5:s=64x64,format=rgba", "-frames:v", "1", str(image))
    mark = await make_mark(image.read_bytes())
    watermark = Watermark(mark.version, mark.width, mark.height, "top-right", opacity=0.5, scale=0.2, margin=0.05)
    plan = marked(offered(await planned(source), ["hevc"]), watermark)
    return await _encoded(source, plan, mark.png)


async def _encoded(source: Path, plan: Plan, mark: bytes | None = None) -> Made:
    """The plan, and all that is encoded."""
    cells: dict[str, list[Cell]] = {rung.name: [] for rung in plan.pictures}
    async for cell in encode_cells(str(source), plan, range(plan.grid.cells), list(cells), mark=mark):
        cells[cell.rendition].append(cell)
    for sound in plan.sounds:
        cells[sound.name] = await audio_cells(source, plan, sound=sound)
    return plan, cells


PCM, AAC = ["-c:a", "pcm_s16le"], ["-c:a", "aac"]
KINDS: dict[str, Callable[[Path], Awaitable[Made]]] = {
    "odd rate, long last cell": partial(_plain, [*counted_picture(130, "30000/1001"), *tone(4.35), *X264, *PCM]),
    "copied sound": partial(_plain, [*counted_picture(230), *tone(9.2), *X264, "-g", "50", *AAC]),
    "sound alone": partial(_plain, [*tone(9.3), *PCM]),
    "five a second": partial(_plain, [*counted_picture(40, "5"), *X264]),
    "one frame": partial(_plain, [*counted_picture(1), *X264]),
    "many sounds": _many_sounds,
    "every codec": _every_codec,
    "HDR": _hdr,
    "copied picture": _copied,
    "clip": _clip,
    "watermarked": _watermarked,
}
