"""However hostile a file, no process that it is given to exceeds its memory; docs/inputs.md tells the bounds."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

from .conftest import X264
from .films import ffmpeg, tone
from .inputs.case import Case
from .inputs.listed import CASES
from .inputs.memory import ENCODE_MB, LARGEST_MB, LOOK_MB
from .peak import Peaks

ROOT = Path(__file__).parents[3]
LISTED = {case.title: case for case in CASES}


async def peaks_of(source: Path, *cells: int) -> Peaks:
    """What looking at a file, and making these cells of it, took."""
    command = [sys.executable, "-m", "tests.integration.media.peak", str(source), *map(str, cells)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(ROOT / "src")}
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return msgspec.json.decode(said, type=Peaks)


class TestMemory:
    @pytest.mark.parametrize(
        ("size", "megabytes"),
        [("1920x1080", ENCODE_MB), pytest.param("3840x2160", LARGEST_MB, marks=pytest.mark.soak)],
    )
    async def test_a_plain_film(self, tmp_path: Path, size: str, megabytes: int) -> None:
        """All qualities of four seconds, made together: enough pictures for the encoders to look ahead at."""
        source = tmp_path / "film.mp4"
        ffmpeg("-f", "lavfi", "-i", f"testsrc=s={size}:r=10:d=5", *tone(5), *X264, "-c:a", "aac", str(source))
        peaks = await peaks_of(source, 1)
        assert peaks.cells > 5
        assert peaks.look < LOOK_MB < peaks.encode < megabytes

    @pytest.mark.parametrize(
        ("title", "outcome", "cells", "megabytes"),
        [
            ("8K in 99 kB", "READY", (0,), LARGEST_MB),
            ("10 hours in half a megabyte", "READY", (0, 4500, 8999), ENCODE_MB),
            ("1,000 of them", "too_many_streams", (), LOOK_MB),
            ("an index of four billion samples in 100 bytes", "source_truncated", (), LOOK_MB),
            ("boxes 10,000 deep", "not_a_video", (), LOOK_MB),
        ],
    )
    async def test_a_hostile_file(
        self, tmp_path: Path, title: str, outcome: str, cells: tuple[int, ...], megabytes: int
    ) -> None:
        """What is refused costs a look; what plays costs no more than a plain film, but for 8K."""
        case: Case = LISTED[title]
        source = tmp_path / case.file
        case.make(source)
        peaks = await peaks_of(source, *cells)
        assert peaks.outcome == outcome
        assert peaks.look < LOOK_MB
        assert peaks.encode < megabytes
        assert bool(peaks.cells) == bool(cells)
