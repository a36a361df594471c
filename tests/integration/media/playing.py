"""Make every cell of a film, join them as a player would, and keep the result for inspection."""

from __future__ import annotations

from pathlib import Path

import msgspec

from matinee.media.cells import Cell
from matinee.media.encode import encode_audio, encode_cells
from matinee.media.model import AudioRendition, Plan
from matinee.media.plan import make_plan
from matinee.media.probe import probe


async def planned(source: Path | str, cells_per_chunk: int | None = 1) -> Plan:
    """The plan of a film. One cell a chunk by default, so that every cell is made by entering the source anew."""
    plan = make_plan(await probe(str(source)))
    if cells_per_chunk is None or not plan.source.seekable:
        return plan
    return msgspec.structs.replace(plan, cells_per_chunk=cells_per_chunk)


async def video_cells(source: Path | str, plan: Plan, renditions: list[str] | None = None) -> dict[str, list[Cell]]:
    """All cells of the video renditions."""
    made: dict[str, list[Cell]] = {}
    for chunk in range(plan.chunks):
        async for cell in encode_cells(str(source), plan, plan.chunk_cells(chunk), renditions):
            made.setdefault(cell.rendition, []).append(cell)
    return made


async def audio_cells(
    source: Path | str, plan: Plan, first: int = 0, sound: AudioRendition | None = None
) -> list[Cell]:
    """All cells of the sound track."""
    wanted = sound or plan.audio
    assert wanted is not None
    return [cell async for cell in encode_audio(str(source), plan, wanted, first=first)]


def joined(cells: list[Cell], path: Path) -> Path:
    """The rendition as one file: its init segment and then its cells."""
    assert len({cell.init for cell in cells}) == 1
    path.write_bytes(cells[0].init + b"".join(cell.data for cell in cells))
    return path
