"""What a file takes: `python -m tests.integration.media.peak FILE CELL…` looks at it and makes these cells of it.

In a process of its own, whose children are FFmpeg's and no others: the kernel tells the peak of the largest.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

import msgspec

from matinee.media.encode import encode_audio, encode_cells
from matinee.media.faults import MediaFault
from matinee.media.model import Plan
from matinee.media.plan import make_plan
from matinee.media.probe import probe

from .playing import reader


class Peaks(msgspec.Struct, frozen=True):
    """Megabytes that the largest process had resident."""

    outcome: str
    """READY, or the code of the refusal."""
    look: float
    encode: float
    """Both together, where it came to that; it is not less than `look`."""
    cells: int
    """How many were made."""


async def main(source: Path, cells: list[int]) -> Peaks:
    """All of what an ingest and a job make of these cells: each quality, in one process, and the sound."""
    outcome, made = "READY", 0
    try:
        plan = make_plan(await probe(str(source), read=reader(source)))
    except MediaFault as fault:
        outcome, plan = fault.code, None
    look = _largest_child()
    if plan:
        made = await _make(source, plan, cells)
    return Peaks(outcome, look, _largest_child(), made)


async def _make(source: Path, plan: Plan, cells: list[int]) -> int:
    made = 0
    for index in cells:
        async for _ in encode_cells(str(source), plan, range(index, index + 1)):
            made += 1
    if plan.audio:
        async for _ in encode_audio(str(source), plan, plan.audio):
            made += 1
    return made


def _largest_child() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000  # it counts in kB


if __name__ == "__main__":
    peaks = asyncio.run(main(Path(sys.argv[1]), [int(index) for index in sys.argv[2:]]))
    sys.stdout.buffer.write(msgspec.json.encode(peaks))
