"""Interlaced pictures: of two fields that were half a frame apart one picture is made, without combs."""

from __future__ import annotations

from pathlib import Path

import pytest

from matinee.media.model import Rate

from .films import decode, ffmpeg
from .playing import joined, planned, video_cells

WIDTH, HEIGHT = 512, 288
# Bars that move by eight pixels a field: where fields are woven, every edge is a comb.
BARS = f"color=gray:s={WIDTH}x{HEIGHT}:r=50:d=2,geq=lum='16+219*lt(mod(X+8*N\\,64)\\,32)':cb=128:cr=128"


def combs(film: Path) -> float:
    """How much a line differs from the mean of those above and below it, on average, 0 to 255."""
    pixels = decode("-i", str(film), "-frames:v", "10", "-vf", "format=gray", "-f", "rawvideo")
    at = range(WIDTH, 10 * WIDTH * HEIGHT - WIDTH, 7)
    apart = [abs(2 * pixels[i] - pixels[i - WIDTH] - pixels[i + WIDTH]) for i in at if i % (WIDTH * HEIGHT) > WIDTH]
    return sum(apart) / len(apart) / 2


class TestInterlaced:
    @pytest.mark.parametrize(("first", "mode"), [("top", "interleave_top"), ("bottom", "interleave_bottom")])
    async def test_no_combs_are_left(self, first: str, mode: str, tmp_path: Path) -> None:
        """Whichever field comes first; 50 fields are 25 pictures."""
        source = tmp_path / "interlaced.mp4"
        fields = "tff" if first == "top" else "bff"
        ffmpeg(
            "-f", "lavfi", "-i", f"{BARS},tinterlace={mode},fieldorder={fields},setfield={fields}",
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-flags", "+ildct+ilme",
            "-x264-params", f"{fields}=1", "-field_order", "tt" if first == "top" else "bb", str(source),
        )  # fmt: skip
        plan = await planned(source)
        assert plan.source.interlaced
        assert plan.grid.rate == Rate(25, 1)
        top = plan.video[-1]
        assert (top.width, top.height) == (WIDTH, HEIGHT)
        made = joined((await video_cells(source, plan, [top.name]))[top.name], tmp_path / "made.mp4")
        woven, left = combs(source), combs(made)
        assert woven > 20
        assert left < woven / 20
