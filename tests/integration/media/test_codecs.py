"""HEVC and AV1 by the real encoders: on the grid, the same each time, and what their names say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from matinee.media import alternatives, encode, encoder_argv
from matinee.media.boxes import find_boxes
from matinee.media.cells import Cell
from matinee.media.encode import encode_cells
from matinee.media.model import Offer, Plan, VideoRendition
from matinee.media.plan import make_plan
from matinee.media.probe import probe
from matinee.media.progressive import Track, lay_out

from .conftest import X264
from .films import counted_picture, ffmpeg, frame_numbers, stream_facts, tone
from .playing import joined
from .test_determinism import running_on_an_old_cpu

FRAMES = 145
ROWS = ["v240-av1", "v240-hevc"]

Making = Callable[[Path, Plan, str], list[Cell]]


async def offered(source: Path, *offers: Offer) -> Plan:
    return alternatives.offered(make_plan(await probe(str(source))), offers)


async def cells_of(source: Path, plan: Plan, name: str) -> list[Cell]:
    return [cell async for cell in encode_cells(str(source), plan, range(plan.grid.cells), [name])]


@pytest.fixture(scope="module")
async def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A film of three cells, offered in every codec."""
    source = tmp_path_factory.mktemp("codecs") / "film.mp4"
    ffmpeg(*counted_picture(FRAMES, width=426, height=240), *tone(5.8), *X264, "-g", "37", "-c:a", "aac", str(source))
    return source, await offered(source, "av1", "hevc")


@pytest.fixture(scope="module")
async def made(film: tuple[Path, Plan]) -> dict[str, list[Cell]]:
    """Its cells in both codecs."""
    return {name: await cells_of(*film, name) for name in ROWS}


def codecs_by_init(init: bytes) -> str:
    """RFC 6381 as the encoder's own record tells it."""
    sample_description = find_boxes(init, 0, len(init))[b"stsd"][0]
    kind = init[sample_description + 12 : sample_description + 16]
    record = init.index(b"av1C" if kind == b"av01" else b"hvcC") + 4
    if kind == b"av01":
        profile, level = init[record + 1] >> 5, init[record + 1] & 31
        flags = init[record + 2]
        depth = 10 if flags & 0x40 else 8
        return f"av01.{profile}.{level:02}{'H' if flags & 0x80 else 'M'}.{depth:02}"
    first = init[record + 1]
    compatible = int(f"{int.from_bytes(init[record + 2 : record + 6]):032b}"[::-1], 2)
    constraints = init[record + 6 : record + 12].rstrip(b"\0")
    tier = "H" if first & 0x20 else "L"
    level = init[record + 12]
    return f"hvc1.{first & 31}.{compatible:X}.{tier}{level}.{'.'.join(f'{part:X}' for part in constraints)}"


class TestCells:
    @pytest.mark.parametrize("name", ROWS)
    async def test_every_frame_is_there_once(
        self, film: tuple[Path, Plan], made: dict[str, list[Cell]], name: str, tmp_path: Path
    ) -> None:
        """Joined, the cells show all frames in order, and the decoder has nothing to say."""
        whole = joined(made[name], tmp_path / "whole.mp4")
        assert frame_numbers(whole) == list(range(FRAMES))
        assert [cell.samples for cell in made[name]] == [25, 100, 20]

    @pytest.mark.parametrize("name", ROWS)
    async def test_a_cell_plays_without_those_before_it(
        self, film: tuple[Path, Plan], made: dict[str, list[Cell]], name: str, tmp_path: Path
    ) -> None:
        """No frame refers across its start."""
        for index, first in enumerate(film[1].grid.first_frames()[:-1]):
            assert frame_numbers(joined(made[name][index:], tmp_path / "rest.mp4")) == list(range(first, FRAMES))

    @pytest.mark.parametrize("name", ROWS)
    async def test_a_cell_has_one_keyframe(
        self, film: tuple[Path, Plan], made: dict[str, list[Cell]], name: str, tmp_path: Path
    ) -> None:
        """The first of its frames, which is a picture by itself."""
        for cell in made[name]:
            track = Track(name, cell.init)
            track.add(cell.data)
            assert list(track._keyframes) == [1]
        cell = made[name][1]
        picture = tmp_path / "picture.mp4"
        picture.write_bytes(cell.init + cell.data[: cell.keyframe_bytes])
        still = tmp_path / "still.png"
        ffmpeg("-i", str(picture), "-frames:v", "1", str(still))
        assert frame_numbers(still) == [film[1].grid.first_frame(1)]

    @pytest.mark.parametrize("name", ROWS)
    async def test_a_source_without_an_index_is_cut_as_well(self, name: str, tmp_path: Path) -> None:
        """There one process makes all cells, and each begins with a keyframe."""
        source = tmp_path / "live.webm"
        ffmpeg(
            *counted_picture(FRAMES, width=426, height=240),
            *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "40", "-live", "1"),
            str(source),
        )
        plan = await offered(source, "av1", "hevc")
        assert not plan.source.seekable
        cells = await cells_of(source, plan, name)
        assert frame_numbers(joined(cells, tmp_path / "whole.mp4")) == list(range(FRAMES))
        for index, first in enumerate(plan.grid.first_frames()[:-1]):
            assert frame_numbers(joined(cells[index:], tmp_path / "rest.mp4")) == list(range(first, FRAMES))

    @pytest.mark.parametrize("name", ROWS)
    async def test_a_download_is_laid_out_over_them(
        self, made: dict[str, list[Cell]], name: str, tmp_path: Path
    ) -> None:
        """The sample entry is the one of the init segment."""
        track = Track(name, made[name][0].init)
        for cell in made[name]:
            track.add(cell.data)
        layout = lay_out([track])
        data = {cell.index: cell.data for cell in made[name]}
        file = tmp_path / "file.mp4"
        file.write_bytes(layout.head + b"".join(data[p.index][p.offset : p.offset + p.length] for p in layout.pieces))
        assert frame_numbers(file) == list(range(FRAMES))
        tag = "av01" if name.endswith("av1") else "hvc1"
        assert stream_facts(file, "codec_tag_string", "nb_frames") == [tag, str(FRAMES)]


class TestDeterminism:
    @pytest.mark.parametrize("name", ROWS)
    async def test_processes_beside_each_other_give_the_same_bytes(
        self, film: tuple[Path, Plan], made: dict[str, list[Cell]], name: str
    ) -> None:
        """Whatever else the machine does meanwhile."""
        for again in await asyncio.gather(*(cells_of(*film, name) for _ in range(2))):
            assert again == made[name]

    @pytest.mark.parametrize("name", ROWS)
    async def test_a_picture_that_runs_into_the_cap_repeats_its_bytes(self, name: str, tmp_path: Path) -> None:
        """Where the encoder has to hold back, it does so the same way each time, and stays within the peak."""
        source = tmp_path / "noise.mp4"
        ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=size=426x240:rate=25:duration=5,noise=alls=60:allf=t", *X264, str(source)
        )
        plan = await offered(source, "av1", "hevc")
        rendition = plan.rendition(name)
        assert isinstance(rendition, VideoRendition)
        first, second = await cells_of(source, plan, name), await cells_of(source, plan, name)
        bits = len(first[1].data) * 8  # of four seconds
        assert 0.7 * 4 * rendition.max_bit_rate < bits <= 4 * rendition.max_bit_rate + rendition.buffer_bits
        assert first == second

    @pytest.mark.parametrize(("name", "params", "older"), [
        ("v240-av1", "AV1_PARAMS", "asm=sse4_1"), ("v240-hevc", "X265_PARAMS", "asm=SSE4.1")
    ])  # fmt: skip
    async def test_another_kind_of_cpu_gives_the_same_bytes(
        self,
        film: tuple[Path, Plan],
        made: dict[str, list[Cell]],
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        params: str,
        older: str,
    ) -> None:
        """One without the newest instructions, in encoder and scaler."""
        monkeypatch.setattr(encoder_argv, params, (*getattr(encoder_argv, params), older))
        monkeypatch.setattr(encode, "running", running_on_an_old_cpu)
        assert await cells_of(*film, name) == made[name]


class TestNames:
    @pytest.mark.parametrize("name", ROWS)
    def test_codecs_is_what_the_encoder_wrote(
        self, film: tuple[Path, Plan], made: dict[str, list[Cell]], name: str
    ) -> None:
        """Derived from a table beforehand, and the same as the encoder's record."""
        assert film[1].rendition(name).codecs == codecs_by_init(made[name][0].init)

    @pytest.mark.parametrize(("size", "rate"), [("640x480", "24"), ("1280x720", "60"), ("1080x1920", "25")])
    async def test_so_it_is_for_every_size_and_rate(self, size: str, rate: str, tmp_path: Path) -> None:
        """One frame of each is enough to see the level."""
        source = tmp_path / "still.mp4"
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate},trim=end_frame=2", *X264, str(source))
        plan = await offered(source, "av1", "hevc")
        tops = {rung.codec: rung for rung in plan.alternatives}
        assert set(tops) == {"av1", "hevc"}
        for top in tops.values():
            [cell] = await cells_of(source, plan, top.name)
            assert codecs_by_init(cell.init) == top.codecs


class TestPlans:
    async def test_a_plan_without_codecs_reads_as_h264(self, film: tuple[Path, Plan]) -> None:
        """As those that were stored before there were any."""
        stored = msgspec.json.decode(msgspec.json.encode(film[1]))
        del stored["alternatives"]
        for rung in stored["video"]:
            del rung["codec"], rung["video_range"]
        old = msgspec.json.decode(msgspec.json.encode(stored), type=Plan)
        assert old == msgspec.structs.replace(film[1], alternatives=())
