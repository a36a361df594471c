"""Make every cell of a film, join them as a player would, and keep the result for inspection."""

from __future__ import annotations

from pathlib import Path

import msgspec

from matinee.media.cells import Cell
from matinee.media.copying import assemble, head_length, read_head, read_record, record_span, spans
from matinee.media.encode import encode_audio, encode_cells
from matinee.media.model import AudioRendition, Plan
from matinee.media.passthrough import consider
from matinee.media.plan import make_plan
from matinee.media.probe import probe
from matinee.media.sample_tables import Read


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


async def with_copy(source: Path, *, max_bits: int = 12_000_000) -> tuple[Plan, bytes | None]:
    """The plan of a film with its own picture in it, and the index of that; None where it does not conform."""
    facts = await probe(str(source))
    size = source.stat().st_size
    return await consider(make_plan(facts), facts, reader(source), size, max_bits=max_bits)


def reader(source: Path) -> Read:
    """Reads a file as a job reads an object."""

    async def read(start: int, length: int) -> bytes:
        with source.open("rb") as file:
            file.seek(start)
            return file.read(length)

    return read


def copied_cells(source: Path, plan: Plan, index: bytes) -> list[Cell]:
    """All cells of the source's own picture."""
    assert plan.copied is not None
    head, length, data = read_head(index), head_length(index), source.read_bytes()
    made = []
    for cell in range(head.cells):
        place = record_span(head, length, cell)
        frames = read_record(index[place.start : place.start + place.length])
        read = {span: data[span.start : span.start + span.length] for span in spans(frames)}
        made.append(assemble(plan.copied.name, cell, head, frames, read))
    return made
