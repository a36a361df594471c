"""Sources are entered in the middle where that is cheap; where it is not, the plan says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from matinee.media.encode import encode_cells

from .films import counted_picture, ffmpeg, frame_numbers
from .playing import joined, planned

NO_INDEX = "The file has no index: it is encoded from front to back by one process."
FAR_APART = "Its keyframes are 57 s apart or more: it is encoded from front to back by one process."
FRAMES = 300
MINUTE = [*counted_picture(FRAMES, rate="5"), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
MPEG2 = [*counted_picture(60 * 25), "-c:v", "mpeg2video", "-q:v", "9", "-g", "50"]


def without_index(data: bytes) -> bytes:
    return data[: data.rindex(b"idx1")]


class TestEntering:
    @pytest.mark.parametrize(
        ("name", "film", "reason"),
        [
            ("often.mp4", [*MINUTE, "-g", "20"], None),
            ("usual.mp4", [*MINUTE, "-g", "85", "-sc_threshold", "0"], None),
            ("one.mp4", [*MINUTE, "-g", "9999", "-sc_threshold", "0"], FAR_APART),
            ("one.mkv", [*MINUTE, "-g", "9999", "-sc_threshold", "0"], FAR_APART),
            ("cueless.mkv", [*MINUTE, "-g", "20", "-live", "1"], NO_INDEX),
            ("any.ts", [*MINUTE, "-g", "20"], None),
            ("any.flv", [*MINUTE, "-g", "20", "-flvflags", "no_duration_filesize"], None),
            ("any.mpg", MPEG2, None),
        ],
    )
    async def test_the_plan_says_where_it_cannot_be(
        self, tmp_path: Path, name: str, film: list[str], reason: str | None
    ) -> None:
        """And only there; a cell from the middle shows its frames either way."""
        source = tmp_path / name
        ffmpeg(*film, str(source))
        plan = await planned(source, None)
        assert plan.source.seekable == (reason is None)
        assert [said for said in plan.reasons if "one process" in said] == ([reason] if reason else [])
        assert plan.cells_per_chunk == (plan.grid.cells if reason else 3)
        rung = plan.video[0].name
        cells = [cell async for cell in encode_cells(str(source), plan, range(7, 8), [rung])]
        first = plan.grid.first_frame(7)
        shown = frame_numbers(joined(cells, tmp_path / "joined.mp4"))
        assert shown == [frame % 256 for frame in range(first, first + plan.grid.cell_frames(7))]

    async def test_an_avi_without_index_is_entered_all_the_same(self, tmp_path: Path) -> None:
        """Its packets are found one after the other."""
        whole, source = tmp_path / "whole.avi", tmp_path / "film.avi"
        ffmpeg(*counted_picture(250), "-c:v", "mpeg4", "-q:v", "4", "-g", "50", str(whole))
        source.write_bytes(without_index(whole.read_bytes()))
        plan = await planned(source)
        cells = [cell async for cell in encode_cells(str(source), plan, range(1, 2))]
        assert frame_numbers(joined(cells, tmp_path / "joined.mp4")) == list(plan.grid.source_frames(range(1, 2)))
