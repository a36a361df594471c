"""The bytes of a cell are a function of source and plan: jobs may run twice, anywhere, in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from matinee.media import encode, encoder_argv
from matinee.media.encode import encode_cells
from matinee.media.faults import EncoderFailed
from matinee.media.ffmpeg import running
from matinee.media.model import Plan

from .conftest import X264
from .films import counted_picture, ffmpeg, tone
from .playing import audio_cells, planned, video_cells

Film = Callable[[str], Path]


@pytest.fixture(scope="module")
async def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A film of three rungs and two chunks of two cells and one."""
    source = tmp_path_factory.mktemp("determinism") / "large.mp4"
    ffmpeg(*counted_picture(230, width=854, height=480), *tone(9.2), *X264, "-g", "37", "-c:a", "ac3", str(source))
    return source, await planned(source, cells_per_chunk=2)


def running_on_an_old_cpu(argv: Callable[[Sequence[str]], list[str]], **options: Any) -> Any:
    """`running`, with FFmpeg told that the newest instructions are not there."""

    def older(outputs: Sequence[str]) -> list[str]:
        program, *rest = argv(outputs)
        return [program, "-cpuflags", "sse2+ssse3", *rest]

    return running(older, **options)


class TestDeterminism:
    async def test_a_rung_alone_gives_the_bytes_it_gives_beside_others(self, large: tuple[Path, Plan]) -> None:
        """The lowest rung made first and alone is the one that a process for all rungs would make."""
        source, plan = large
        lowest = plan.video[0].name
        together = await video_cells(source, plan)
        alone = await video_cells(source, plan, [lowest])
        assert len(plan.video) == 3
        assert together[lowest] == alone[lowest]

    async def test_processes_beside_each_other_give_the_same_bytes(self, large: tuple[Path, Plan]) -> None:
        """Many threads on few cores take turns in another order each time; of a width that no vector divides, too."""
        source, plan = large
        assert plan.video[0].width % 16
        runs = await asyncio.gather(*(video_cells(source, plan, [plan.video[0].name]) for _ in range(6)))
        assert all(run == runs[0] for run in runs)

    @pytest.mark.parametrize("name", ["h264.mkv", "encoded.mkv"])
    async def test_another_kind_of_cpu_gives_the_same_bytes(
        self, film: Film, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One without the newest instructions, in encoder, scaler and sound."""
        source = film(name)
        plan = await planned(source)
        cells, sound = await video_cells(source, plan), await audio_cells(source, plan)
        monkeypatch.setattr(encoder_argv, "X264_PARAMS", f"{encoder_argv.X264_PARAMS}:asm=sse2fast")
        monkeypatch.setattr(encode, "running", running_on_an_old_cpu)
        assert await video_cells(source, plan) == cells
        assert await audio_cells(source, plan) == sound

    async def test_stopping_early_and_starting_again_gives_the_same_cell(self, large: tuple[Path, Plan]) -> None:
        """A chunk left after its first cell gives that cell again."""
        source, plan = large
        seen = []
        for _ in range(2):
            async with aclosing(encode_cells(str(source), plan, plan.chunk_cells(1), ["v240"])) as cells:
                seen.append(await anext(cells))
        assert seen[0] == seen[1]
        assert seen[0].index == 2

    async def test_a_cell_does_not_depend_on_where_the_making_began(self, large: tuple[Path, Plan]) -> None:
        """Made after others, or first because somebody waits for it."""
        source, plan = large
        rung = [plan.video[0].name]
        after = [cell async for cell in encode_cells(str(source), plan, range(3), rung)]
        first = [cell async for cell in encode_cells(str(source), plan, range(2, 3), rung)]
        assert after[2:] == first

    async def test_a_picture_that_runs_into_the_cap_repeats_its_bytes(self, tmp_path: Path) -> None:
        """Where the encoder has to hold back, it does so the same way each time."""
        source = tmp_path / "noise.mp4"
        ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=5,noise=alls=60:allf=t", *X264, str(source)
        )
        plan = await planned(source)
        first, second = [(await video_cells(source, plan, ["v360"]))["v360"] for _ in range(2)]
        bits = len(first[1].data) * 8  # of four seconds
        (cap,) = [rung.max_bit_rate for rung in plan.video if rung.name == "v360"]
        assert bits > 0.8 * 4 * cap
        assert first == second

    async def test_a_caller_that_leaves_while_cells_pile_up_is_let_go(
        self, large: tuple[Path, Plan], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when its storage failed: FFmpeg is ended, and nothing waits for room that nobody will make."""
        full = asyncio.Event()

        class Narrow(asyncio.Queue[object]):
            async def put(self, item: object) -> None:
                if self.full():
                    full.set()
                await super().put(item)

        monkeypatch.setattr(encode, "CELLS_IN_HAND", 1)
        monkeypatch.setattr(asyncio, "Queue", Narrow)
        source, plan = large
        making = encode.encode_cells(str(source), plan, plan.chunk_cells(0))
        await anext(making)
        async with asyncio.timeout(30):
            await full.wait()
            await making.aclose()

    async def test_cells_the_caller_has_are_left_out(self, large: tuple[Path, Plan]) -> None:
        """A resumed chunk gives the other cells only."""
        source, plan = large
        cells = encode_cells(str(source), plan, plan.chunk_cells(0), ["v240"], skip={("v240", 0)})
        assert [cell.index async for cell in cells] == [1]

    async def test_sound_from_a_later_cell_is_the_same(self, large: tuple[Path, Plan]) -> None:
        """Resuming the sound track gives the bytes of an uninterrupted run."""
        source, plan = large
        assert (await audio_cells(source, plan))[1:] == await audio_cells(source, plan, first=1)

    async def test_another_init_segment_is_refused(self, large: tuple[Path, Plan]) -> None:
        """Cells that would not play after the stored init segment are not given."""
        source, plan = large
        wrong = {"v240": sha256(b"another").hexdigest()}
        with pytest.raises(EncoderFailed, match="not the one stored"):
            _ = [
                cell
                async for cell in encode_cells(str(source), plan, plan.chunk_cells(0), ["v240"], expected_inits=wrong)
            ]

    async def test_the_keyframe_prefix_decodes_to_one_picture(self, large: tuple[Path, Plan], tmp_path: Path) -> None:
        """What an I-frame playlist points at is a picture by itself."""
        source, plan = large
        cells = (await video_cells(source, plan, ["v240"]))["v240"]
        picture = tmp_path / "picture.mp4"
        picture.write_bytes(cells[1].init + cells[1].data[: cells[1].keyframe_bytes])
        still = tmp_path / "still.png"
        ffmpeg("-i", str(picture), "-frames:v", "1", str(still))
        assert still.stat().st_size > 1000
