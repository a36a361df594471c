"""HDR kept as it is: what the cells say of their colours, beside the tone-mapped ladder."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from matinee.media.alternatives import offered
from matinee.media.binaries import find_binaries
from matinee.media.encode import encode_cells
from matinee.media.model import Plan, VideoRendition
from matinee.media.plan import make_plan
from matinee.media.probe import probe

from .films import ffmpeg
from .playing import joined
from .test_codecs import codecs_by_init

DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
TRANSFERS = {"PQ": "smpte2084", "HLG": "arib-std-b67"}


async def film(folder: Path, video_range: str, length: str = "r=25:d=5") -> tuple[Path, Plan]:
    """Two cells of HDR, 10-bit HEVC; with PQ it says what display it was made on."""
    source = folder / "film.mp4"
    display = f":{DISPLAY}:max-cll=1000,400" if video_range == "PQ" else ""
    colours = f"colorprim=bt2020:transfer={TRANSFERS[video_range]}:colormatrix=bt2020nc"
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s=426x240:{length},format=yuv420p10le"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1"),
        *("-x265-params", f"log-level=none:{colours}{display}"),
        *("-color_primaries", "bt2020", "-color_trc", TRANSFERS[video_range], "-colorspace", "bt2020nc"),
        str(source),
    )  # fmt: skip
    return source, offered(make_plan(await probe(str(source))), ["av1-hdr", "hevc-hdr"])


async def made(source: Path, plan: Plan, name: str, folder: Path) -> tuple[Path, bytes]:
    """A rendition as a file, and its init segment."""
    cells = [cell async for cell in encode_cells(str(source), plan, range(plan.grid.cells), [name])]
    return joined(cells, folder / f"{name}.mp4"), cells[0].init


def facts(file: Path) -> tuple[dict[str, Any], list[str]]:
    """What ffprobe says of a picture, and the kinds of its side data."""
    command = [find_binaries().ffprobe, "-v", "error", "-show_streams", "-of", "json", str(file)]
    stream = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["streams"][0]
    return stream, [data["side_data_type"] for data in stream.get("side_data_list", ())]


# Each codec and each transfer once; all pairs in `make soak`.
@pytest.mark.parametrize(
    ("name", "video_range"),
    [
        ("v240-av1-hdr", "PQ"),
        ("v240-hevc-hdr", "HLG"),
        pytest.param("v240-av1-hdr", "HLG", marks=pytest.mark.soak),
        pytest.param("v240-hevc-hdr", "PQ", marks=pytest.mark.soak),
    ],
)
class TestKept:
    async def test_colours_are_those_of_the_source(self, video_range: str, name: str, tmp_path: Path) -> None:
        """10 bits, BT.2020 and the transfer: in the stream, in the container and in CODECS."""
        source, plan = await film(tmp_path, video_range)
        rendition = plan.rendition(name)
        assert isinstance(rendition, VideoRendition)
        assert rendition.video_range == video_range
        file, init = await made(source, plan, name, tmp_path)
        stream, side_data = facts(file)
        assert (stream["pix_fmt"], stream["color_range"]) == ("yuv420p10le", "tv")
        told = (stream["color_primaries"], stream["color_transfer"], stream["color_space"])
        assert told == ("bt2020", TRANSFERS[video_range], "bt2020nc")
        box = init.index(b"colrnclx") + 8
        transfer = 16 if video_range == "PQ" else 18
        assert [int.from_bytes(init[box + at : box + at + 2]) for at in (0, 2, 4)] == [9, transfer, 9]
        assert rendition.codecs.startswith(codecs_by_init(init))
        if video_range == "PQ":
            assert {"Mastering display metadata", "Content light level metadata"} <= set(side_data)

    async def test_the_ladder_is_tone_mapped_all_the_same(self, video_range: str, name: str, tmp_path: Path) -> None:
        """Every player has a picture that it can show."""
        del name
        source, plan = await film(tmp_path, video_range)
        stream, _ = facts((await made(source, plan, "v240", tmp_path))[0])
        assert (stream["pix_fmt"], stream["color_transfer"]) == ("yuv420p", "bt709")
