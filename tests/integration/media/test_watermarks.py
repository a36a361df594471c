"""A watermark in the pictures that real FFmpeg makes: at its place, at its strength, nowhere else."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import msgspec
import pytest

from matinee.media import encode, encoder_argv
from matinee.media.cells import Cell
from matinee.media.encode import encode_cells
from matinee.media.model import Plan, VideoRendition, Watermark
from matinee.media.pictures import BadImage, Mark, make_mark, make_poster
from matinee.media.watermark import marked, place

from .films import ffmpeg
from .playing import planned
from .test_determinism import running_on_an_old_cpu
from .test_hdr import film as hdr_film
from .test_pictures import DISGUISED, png, raw

GREY, WHITE = 126, 235  # limited range
_TEXT = b"tEXtAuthor\0Somebody"
SIGNED = struct.pack(">I", len(_TEXT) - 4) + _TEXT + struct.pack(">I", zlib.crc32(_TEXT))


@pytest.fixture(scope="module")
async def grey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """Six seconds of grey, in three rungs and three cells."""
    source = tmp_path_factory.mktemp("grey") / "grey.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "color=0x808080:s=854x480:r=25:d=6", "-c:v", "libx264", "-preset", "ultrafast",
        "-colorspace", "bt709", str(source),
    )  # fmt: skip
    return source, await planned(source)


@pytest.fixture(scope="module")
async def image(tmp_path_factory: pytest.TempPathFactory) -> Mark:
    """A white disc whose corners are clear, and blue where nobody should see it."""
    path = tmp_path_factory.mktemp("mark") / "mark.png"
    disc = "255*lt(hypot(X-100,Y-100),99)"
    ffmpeg(
        "-f", "lavfi", "-i", f"color=black:s=200x200,format=rgba,geq=r='{disc}':g='{disc}':b=255:a='{disc}'",
        "-frames:v", "1", str(path),
    )  # fmt: skip
    return await make_mark(path.read_bytes())


def watermark(image: Mark, **changes: object) -> Watermark:
    usual = Watermark(image.version, image.width, image.height, "top-right", opacity=1.0, scale=0.2, margin=0.05)
    return msgspec.structs.replace(usual, **changes)


async def cells_of(source: Path, plan: Plan, image: Mark | None, *names: str) -> list[Cell]:
    mark = image.png if image else None
    return [cell async for cell in encode_cells(str(source), plan, range(plan.grid.cells), names or None, mark=mark)]


def shown(cell: Cell, rung: VideoRendition, folder: Path) -> list[bytes]:
    """The first picture of a cell: luma by line, and then both planes of chroma as one line."""
    film, pixels = folder / "cell.mp4", folder / "cell.raw"
    film.write_bytes(cell.init + cell.data)
    ffmpeg("-i", str(film), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", str(pixels))
    data = pixels.read_bytes()
    luma = rung.width * rung.height
    return [*(data[at : at + rung.width] for at in range(0, luma, rung.width)), data[luma:]]


class TestPixels:
    async def test_every_rung_of_every_cell_shows_it_at_its_place(
        self, grey: tuple[Path, Plan], image: Mark, tmp_path: Path
    ) -> None:
        """White in its middle, untouched where it is clear and everywhere else."""
        source, film = grey
        plan = marked(film, watermark(image))
        for cell in await cells_of(source, plan, image):
            rung = plan.rendition(cell.rendition)
            assert isinstance(rung, VideoRendition)
            spot = place(watermark(image), rung.width, rung.height)
            picture = shown(cell, rung, tmp_path)
            middle = picture[spot.y + spot.height // 2]
            assert middle[spot.x + spot.width // 2] == pytest.approx(WHITE, abs=3)
            assert picture[spot.y + 1][spot.x + 1] == pytest.approx(GREY, abs=4)  # a clear corner
            for line in (*picture[: spot.y - 8], *picture[spot.y + spot.height + 8 : -1]):
                assert min(line) >= GREY - 4
                assert max(line) <= GREY + 4
            assert max(middle[: spot.x - 8]) <= GREY + 4
            assert min(picture[-1]) >= 120  # nothing of the blue behind clear pixels
            assert max(picture[-1]) <= 136

    @pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5])
    async def test_it_is_as_strong_as_it_should_be(
        self, grey: tuple[Path, Plan], image: Mark, tmp_path: Path, opacity: float
    ) -> None:
        """That share of the way from the picture to its colour."""
        source, film = grey
        mark = watermark(image, opacity=opacity)
        plan = marked(film, mark)
        cell = (await cells_of(source, plan, image, "v240"))[0]
        rung = plan.video[0]
        spot = place(mark, rung.width, rung.height)
        middle = shown(cell, rung, tmp_path)[spot.y + spot.height // 2][spot.x + spot.width // 2]
        assert middle == pytest.approx(GREY + opacity * (WHITE - GREY), abs=4)

    async def test_it_is_there_in_every_frame(self, grey: tuple[Path, Plan], image: Mark, tmp_path: Path) -> None:
        """Of one image there is a last frame as well as a first."""
        source, film = grey
        plan = marked(film, watermark(image))
        rung = plan.video[0]
        spot = place(watermark(image), rung.width, rung.height)
        cell = (await cells_of(source, plan, image, rung.name))[-1]
        (tmp_path / "cell.mp4").write_bytes(cell.init + cell.data)
        spot_file = tmp_path / "spot.raw"
        ffmpeg(
            "-i", str(tmp_path / "cell.mp4"), "-f", "rawvideo", "-vf",
            f"crop=2:2:{spot.x + spot.width // 2}:{spot.y + spot.height // 2},format=gray", str(spot_file),
        )  # fmt: skip
        seen = spot_file.read_bytes()
        assert len(seen) >= 4 * plan.grid.cell_frames(plan.grid.cells - 1)
        assert min(seen) >= 225


class TestPoster:
    async def test_it_carries_it_too(self, grey: tuple[Path, Plan], image: Mark, tmp_path: Path) -> None:
        """At the place that it has in the film, and nowhere else."""
        source, film = grey
        poster = await make_poster(str(source), marked(film, watermark(image)), mark=image.png)
        (tmp_path / "poster.jpg").write_bytes(poster.jpeg)
        pixels = raw(tmp_path / "poster.jpg", "format=gray")
        spot = place(watermark(image), 854, 480)
        at = (spot.y + spot.height // 2) * 854 + spot.x + spot.width // 2
        assert pixels[at] >= 250  # a JPEG has the full range
        assert pixels[854 * 400 + 100] == pytest.approx(128, abs=4)


class TestBytes:
    async def test_a_cell_depends_on_source_plan_and_image_alone(self, grey: tuple[Path, Plan], image: Mark) -> None:
        """Alone, beside others or later it is the same; without the mark, or with it elsewhere, another."""
        source, film = grey
        plan = marked(film, watermark(image))
        together = [cell for cell in await cells_of(source, plan, image) if cell.rendition == "v360"]
        alone = [cell async for cell in encode_cells(str(source), plan, range(1, 2), ["v360"], mark=image.png)]
        assert alone == together[1:2]
        plain = await cells_of(source, film, None, "v360")
        moved = await cells_of(source, marked(film, watermark(image, position="center")), image, "v360")
        assert len({cell.data for cell in (plain[0], moved[0], together[0])}) == 3
        assert plain[0].init == together[0].init

    async def test_another_kind_of_cpu_gives_the_same_bytes(
        self, grey: tuple[Path, Plan], image: Mark, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also of what scales and blends the image."""
        source, film = grey
        plan = marked(film, watermark(image, opacity=0.37))
        cells = await cells_of(source, plan, image, "v360")
        monkeypatch.setattr(encoder_argv, "X264_PARAMS", f"{encoder_argv.X264_PARAMS}:asm=sse2fast")
        monkeypatch.setattr(encode, "running", running_on_an_old_cpu)
        assert await cells_of(source, plan, image, "v360") == cells


class TestImage:
    async def test_it_is_decoded_and_encoded_anew(self, image: Mark) -> None:
        """So nothing else of the file is kept; and the same file has the same version."""
        sent = image.png[:33] + SIGNED + image.png[33:]
        first, second = await make_mark(sent), await make_mark(sent)
        assert first == second
        assert b"Somebody" not in first.png
        assert (first.width, first.height) == (200, 200)

    async def test_a_large_one_is_made_smaller(self, tmp_path: Path) -> None:
        """To a thousand pixels, which is as sharp as the largest rung can show."""
        path = tmp_path / "large.png"
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=3000x750", "-frames:v", "1", str(path))
        made = await make_mark(path.read_bytes())
        assert (made.width, made.height) == (1024, 256)

    @pytest.mark.parametrize("name", DISGUISED)
    async def test_a_disguised_file_is_refused(self, name: str) -> None:
        """By its first bytes, or because it cannot be decoded."""
        with pytest.raises(BadImage):
            await make_mark(DISGUISED[name])

    async def test_a_decompression_bomb_is_refused(self) -> None:
        """Before it is decoded."""
        with pytest.raises(BadImage):
            await make_mark(png(30_000, 30_000, bytes(1000)))


class TestHdr:
    @pytest.mark.parametrize(("video_range", "share"), [("PQ", 0.58), ("HLG", 0.75)])
    async def test_it_does_not_dazzle(self, image: Mark, tmp_path: Path, video_range: str, share: float) -> None:
        """White of graphics is far below the brightest that can be coded."""
        source, plan = await hdr_film(tmp_path, video_range)
        mark = watermark(image)
        plan = marked(plan, mark)
        rung = next(rung for rung in plan.alternatives if rung.codec == "hevc")
        cell = (await cells_of(source, plan, image, rung.name))[0]
        (tmp_path / "cell.mp4").write_bytes(cell.init + cell.data)
        spot_file, spot = tmp_path / "spot.raw", place(mark, rung.width, rung.height)
        ffmpeg(
            "-i", str(tmp_path / "cell.mp4"), "-frames:v", "1", "-vf",
            f"crop=2:2:{spot.x + spot.width // 2}:{spot.y + spot.height // 2}", "-f", "rawvideo", str(spot_file),
        )  # fmt: skip
        assert int.from_bytes(spot_file.read_bytes()[:2], "little") == pytest.approx(64 + share * 876, abs=20)
