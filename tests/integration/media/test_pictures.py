"""Pictures by the real FFmpeg: the right moment, size and colours, and nothing hostile gets through."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.binaries import find_binaries
from matinee.media.cells import Cell
from matinee.media.encode import EncoderOptions
from matinee.media.faults import EncoderFailed, MediaFault
from matinee.media.keyframes import keyframe_stream
from matinee.media.model import Plan
from matinee.media.picture_argv import preview_cells
from matinee.media.pictures import (
    SMALL_LIMITS,
    BadImage,
    image_type,
    make_frame_poster,
    make_poster,
    make_preview,
    make_sheet,
    make_thumbnail,
    make_tiles,
    make_uploaded_poster,
)
from matinee.media.storyboard import make_storyboard
from matinee.media.thumbnails import Format, thumbnail_size

from .conftest import X264, X264_B
from .films import RATE, counted_picture, ffmpeg, frame_numbers, stream_facts
from .playing import planned, video_cells

Film = Callable[[str], Path]


@pytest.fixture
async def made(film: Film) -> tuple[Plan, list[Cell]]:
    """A counted film's plan, and the cells of its only rung."""
    source = film("h264.mp4")
    plan = await planned(source)
    return plan, (await video_cells(source, plan))[plan.video[0].name]


def keyframe(cell: Cell) -> bytes:
    return keyframe_stream(cell.init, cell.data[: cell.keyframe_bytes])


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def raw(picture: Path, filters: str) -> bytes:
    """A picture's pixels. FFmpeg warns of the full range that every JPEG has."""
    command = [
        find_binaries().ffmpeg,
        "-v",
        "error",
        "-nostdin",
        "-i",
        str(picture),
        "-vf",
        filters,
        "-f",
        "rawvideo",
        "-",
    ]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def number(picture: Path) -> int:
    """The number that a picture of a counted film shows."""
    row = raw(picture, "crop=iw:ih/4:0:ih/8,scale=8:8:flags=area,format=gray")
    return sum((row[bit] > 127) << bit for bit in range(8))


class TestThumbnail:
    @pytest.mark.parametrize(("extension", "codec"), [("jpg", "mjpeg"), ("webp", "webp"), ("avif", "av1")])
    async def test_it_shows_the_first_frame_of_its_cell(
        self, made: tuple[Plan, list[Cell]], tmp_path: Path, extension: Format, codec: str
    ) -> None:
        """In each format, at the size that was promised."""
        plan, cells = made
        size = thumbnail_size(plan, 160, None, "contain")
        for cell in cells:
            picture = await make_thumbnail(keyframe(cell), size, extension)
            path = written(tmp_path, f"{cell.index}.{extension}", picture)
            assert number(path) == plan.grid.first_frame(cell.index)
            assert stream_facts(path, "codec_name", "width,height") == [codec, "160,90"]

    async def test_it_is_cropped_to_cover(self, made: tuple[Plan, list[Cell]], tmp_path: Path) -> None:
        """A square out of the middle."""
        plan, cells = made
        size = thumbnail_size(plan, 80, 80, "cover")
        path = written(tmp_path, "square.jpg", await make_thumbnail(keyframe(cells[0]), size, "jpg"))
        assert stream_facts(path, "width,height") == ["80,80"]

    @pytest.mark.parametrize("extension", ["jpg", "webp", "avif"])
    async def test_the_colours_are_those_of_the_film(self, tmp_path: Path, extension: Format) -> None:
        """Whatever matrix and range the format has."""
        source = tmp_path / "red.mp4"
        ffmpeg("-f", "lavfi", "-i", "color=0xC83220:s=320x180:r=25:d=1", *X264, str(source))
        plan = await planned(source)
        (cell,) = (await video_cells(source, plan))[plan.video[0].name]
        size = thumbnail_size(plan, 320, None, "contain")
        path = written(tmp_path, f"red.{extension}", await make_thumbnail(keyframe(cell), size, extension))
        # the film does not say its matrix; by its size it is BT.601, which the rung turned into BT.709
        pixel = raw(path, "scale=1:1:flags=area,format=gbrp,format=rgb24")
        assert all(abs(have - want) <= 6 for have, want in zip(pixel, (0xC8, 0x32, 0x20), strict=True)), list(pixel)

    async def test_the_same_keyframe_gives_the_same_bytes(self, made: tuple[Plan, list[Cell]]) -> None:
        """So that two processes that make it at once do not disagree."""
        plan, cells = made
        size = thumbnail_size(plan, 160, None, "contain")
        for extension in ("jpg", "webp", "avif"):
            pictures = {await make_thumbnail(keyframe(cells[0]), size, extension) for _ in range(2)}
            assert len(pictures) == 1

    async def test_garbage_gives_no_picture(self, made: tuple[Plan, list[Cell]]) -> None:
        """An error, in bounded time."""
        plan, _ = made
        size = thumbnail_size(plan, 160, None, "contain")
        with pytest.raises(Exception, match=r"decode|FFmpeg"):
            await make_thumbnail(b"\0\0\0\1garbage" * 1000, size, "jpg")


class TestSheet:
    async def test_each_tile_shows_its_cell(self, tmp_path: Path) -> None:
        """Fourteen cells: ten tiles, and four in a second row that is half empty."""
        source = tmp_path / "long.mp4"
        ffmpeg(*counted_picture(250, rate="5"), *X264_B, str(source))
        plan = await planned(source)
        cells = (await video_cells(source, plan))[plan.video[0].name]
        board = make_storyboard(plan)
        assert (board.tiles, board.columns, board.rows) == (14, 10, 2)
        tiles = [await make_tiles(b"".join(map(keyframe, some)), board, len(some)) for some in (cells[:9], cells[9:])]
        sheet = await make_sheet(b"".join(tiles), board, 0)
        path = written(tmp_path, "sheet.jpg", sheet)
        assert stream_facts(path, "width,height") == ["1600,180"]
        for tile in range(board.tiles):
            _, left, top = board.tile_place(tile)
            cut = tmp_path / f"{tile}.png"
            area = f"crop={board.tile_width}:{board.tile_height}:{left}:{top}"
            ffmpeg("-i", str(path), "-vf", area, str(cut))
            assert number(cut) == plan.grid.first_frame(tile)

    async def test_a_keyframe_that_is_damaged_costs_itself_alone(self, made: tuple[Plan, list[Cell]]) -> None:
        """There are as many tiles as were asked for; where none can be decoded it is told."""
        plan, cells = made
        board = make_storyboard(plan)
        broken = b"\0\0\0\1\x65" + bytes(range(256)) * 20
        whole = await make_tiles(keyframe(cells[0]), board, 1)
        assert len(whole) == board.tile_bytes
        assert await make_tiles(keyframe(cells[0]) + broken, board, 2) == whole + whole
        with pytest.raises((MediaFault, EncoderFailed)):
            await make_tiles(broken, board, 2)


class TestPreview:
    async def test_it_moves_through_the_film(self, made: tuple[Plan, list[Cell]], tmp_path: Path) -> None:
        """A second of each chosen cell, as an animation."""
        plan, cells = made
        chosen = preview_cells(plan.grid.cells)
        lengths = [plan.grid.cell_frames(index) for index in chosen]
        shown = [cells[index].data for index in chosen]
        preview = await make_preview(cells[0].init, shown, plan.video[0], plan.grid.rate, lengths)
        path = written(tmp_path, "preview.webp", preview)
        assert preview[:4] == b"RIFF"
        assert b"ANIM" in preview[:64]
        shown = frame_numbers(path)
        starts = [plan.grid.first_frame(index) for index in chosen]
        step = round(plan.grid.rate.fraction / 10)
        assert sorted(set(shown)) == [start + at for start in starts for at in range(0, RATE, step)]


class TestPoster:
    async def test_the_best_of_the_candidates_is_chosen(self, tmp_path: Path) -> None:
        """Black, then a fade, then the one scene that can be seen, then blur: the third is the poster."""
        source = tmp_path / "film.mp4"
        scenes = (
            "color=black:s=320x180:r=25:d=8[a];"
            "testsrc2=s=320x180:r=25:d=8,fade=in:d=8[b];"
            "testsrc2=s=320x180:r=25:d=8,hue=s=0[c];"
            "testsrc2=s=320x180:r=25:d=16,gblur=sigma=8[d];[a][b][c][d]concat=n=4"
        )
        ffmpeg("-filter_complex", scenes, *X264, "-g", "25", str(source))
        poster = await make_poster(str(source), await planned(source))
        path = written(tmp_path, "poster.jpg", poster.jpeg)
        row = raw(path, "scale=8:8:flags=area,format=gbrp,format=rgb24")
        pixels = [row[at : at + 3] for at in range(0, len(row), 3)]
        assert sum(map(sum, pixels)) / len(row) > 60
        assert max(max(pixel) - min(pixel) for pixel in pixels) < 16  # grey: the one without saturation

    async def test_the_same_film_has_the_same_poster(self, film: Film) -> None:
        """On any worker, at any attempt."""
        source = film("h264.mp4")
        plan = await planned(source)
        assert await make_poster(str(source), plan) == await make_poster(str(source), plan)

    async def test_a_chosen_frame_is_that_very_frame(self, made: tuple[Plan, list[Cell]], tmp_path: Path) -> None:
        """Not the keyframe before it."""
        plan, cells = made
        poster = await make_frame_poster(cells[0].init, cells[1].data, 37, plan.video[0])
        assert number(written(tmp_path, "p.jpg", poster.jpeg)) == plan.grid.first_frame(1) + 37
        assert 20 < len(poster.placeholder) < 40

    async def test_a_picture_past_the_limit_is_not_kept(
        self, made: tuple[Plan, list[Cell]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """FFmpeg is ended when it writes more than a picture may have."""
        monkeypatch.setattr("matinee.media.pictures.PICTURE_BYTES", 100)
        plan, cells = made
        with pytest.raises(EncoderFailed):
            await make_frame_poster(cells[0].init, cells[0].data, 0, plan.video[0])


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of any claims."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def image(folder: Path, name: str, *options: str, size: str = "640x360") -> bytes:
    """An honest image."""
    path = folder / name
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:d=1", "-frames:v", "1", *options, str(path))
    return path.read_bytes()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
DISGUISED = {
    "svg": SVG,
    "svg behind jpeg's signature": b"\xff\xd8\xff\xe0" + SVG,
    "svg behind png's signature": b"\x89PNG\r\n\x1a\n" + SVG,
    "page": b"<!doctype html><script>alert(1)</script>",
    "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "program": b"\x7fELF" + bytes(200),
    "archive": b"PK\x03\x04" + bytes(200),
    "gif": b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
    "wave in riff": b"RIFF\x24\0\0\0WAVEfmt " + bytes(28),
    "webp without a picture": b"RIFF\x24\0\0\0WEBPVP8 " + bytes(28),
    "empty": b"",
    "signature alone": b"\xff\xd8\xff",
}


class TestUpload:
    @pytest.mark.parametrize(
        ("name", "options"),
        [("a.jpg", []), ("a.png", []), ("a.webp", ["-c:v", "libwebp"]), ("alpha.png", ["-pix_fmt", "rgba"])],
    )
    async def test_an_image_becomes_a_jpeg_of_ours(self, tmp_path: Path, name: str, options: list[str]) -> None:
        """Encoded anew, at most 1280 pixels wide."""
        poster = await make_uploaded_poster(image(tmp_path, name, *options, size="2560x1440"))
        path = written(tmp_path, "poster.jpg", poster.jpeg)
        assert stream_facts(path, "codec_name", "width,height") == ["mjpeg", "1280,720"]

    async def test_it_stands_upright(self, tmp_path: Path) -> None:
        """A telephone that was held on its side says so in the file."""
        upright = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)  # one EXIF entry: orientation, a quarter turn
        exif = b"Exif\0\0II*\0\x08\0\0\0" + upright
        plain = image(tmp_path, "a.jpg")
        turned = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
        path = written(tmp_path, "poster.jpg", (await make_uploaded_poster(turned)).jpeg)
        assert stream_facts(path, "width,height") == ["360,640"]

    async def test_the_smallest_one_will_do(self, tmp_path: Path) -> None:
        """A single pixel."""
        poster = await make_uploaded_poster(png(1, 1, zlib.compress(b"\0\xff\0\0")))
        assert stream_facts(written(tmp_path, "poster.jpg", poster.jpeg), "width,height") == ["2,2"]

    async def test_nothing_that_was_hidden_in_it_remains(self, tmp_path: Path) -> None:
        """Neither metadata nor what hangs on behind."""
        sent = image(tmp_path, "a.jpg", "-metadata", "comment=secret place") + b"PK\x03\x04 secret archive"
        poster = await make_uploaded_poster(sent)
        assert b"secret" not in poster.jpeg

    @pytest.mark.parametrize("name", DISGUISED)
    async def test_what_is_no_image_is_refused(self, name: str) -> None:
        """Whatever it says it is."""
        with pytest.raises(BadImage):
            await make_uploaded_poster(DISGUISED[name])

    @pytest.mark.parametrize("name", ["a.jpg", "a.png"])
    async def test_a_cut_off_image_is_refused(self, tmp_path: Path, name: str) -> None:
        """Half of one is none."""
        whole = image(tmp_path, name)
        with pytest.raises(BadImage):
            await make_uploaded_poster(whole[: len(whole) // 2])

    @pytest.mark.parametrize("size", [(30_000, 30_000), (60_000, 1000), (2**31 - 1, 2**31 - 1), (0, 10)])
    async def test_a_decompression_bomb_is_refused_before_it_goes_off(self, size: tuple[int, int]) -> None:
        """A hundred kilobytes that claim to be gigapixels: memory and time stay bounded."""
        with pytest.raises(BadImage):
            await make_uploaded_poster(png(*size, zlib.compress(bytes(50_000_000), 9)), options=_small())

    async def test_only_three_formats_are_known(self) -> None:
        """By their first bytes, not by their names."""
        assert image_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
        assert image_type(b"\x89PNG\r\n\x1a\n") == "image/png"
        assert image_type(b"RIFF\0\0\0\0WEBP") == "image/webp"
        assert image_type(b"RIFF\0\0\0\0AVI ") is None


def _small() -> EncoderOptions:
    return EncoderOptions(limits=SMALL_LIMITS)
