"""What one cell of a long film costs the object storage: bytes fetched, beside the bytes of its own."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import aiohttp

from bench.films import long_film
from bench.servers import Site
from bench.tables import Row, Target, median, progress, report
from matinee.common.environment import load_settings
from matinee.common.storage.port import NoSuchObjectError
from matinee.common.storage.s3 import S3Storage
from matinee.media.binaries import find_binaries
from matinee.media.encode import encode_cells
from matinee.media.model import Plan
from matinee.media.plan import make_plan
from matinee.media.probe import probe
from matinee.modules.encoding.scratch import Scratch
from matinee.modules.encoding.source_server import SourceServer

_KEY = "bench/long-film"
_PART_BYTES = 64 * 1024**2
_CACHE_BYTES = 1024**3
_PLACES = (0.11, 0.37, 0.59, 0.83, 0.97)  # shares of the film
_TARGET = Target("≤", 1.0)


class _CountingStorage(S3Storage):
    """Counts what is read of objects."""

    fetched = 0

    async def read(self, key: str, start: int, length: int) -> bytes:
        data = await super().read(key, start, length)
        self.fetched += len(data)
        return data


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds, rounds
    asyncio.run(_measure(site))


async def _measure(site: Site) -> None:
    file = long_film(site.folder)
    index = _index_bytes(file)
    settings = load_settings(site.environment("postgresql://unused/unused"))
    storage = _CountingStorage(settings)
    await storage.open()
    try:
        await _upload(storage, file)
        async with _server(storage) as sources, sources.serve(_KEY) as source:
            plan = make_plan(await probe(source.url, size=source.size))
        fresh, known, own = [], [], []
        for place in _PLACES:
            cell = int(place * plan.grid.cells)
            own.append(_own_bytes(file, plan, cell))
            async with _server(storage) as sources:
                fresh.append(await _fetched(storage, sources, plan, cell))
                elsewhere = (cell + plan.grid.cells // 2) % plan.grid.cells
                known.append(await _fetched(storage, sources, plan, elsewhere))
            progress(f"cell {cell}: {fresh[-1]:,} bytes, with a known index {known[-1]:,}, its own {own[-1]:,}")
    finally:
        await storage.close()
    mega = 1e6
    allowed = 3 * median(own)
    rows = [
        Row("fetched for a cell, by a worker that knows nothing", median(fresh) / mega, "MB",
            "3 × its own bytes + the index", (allowed + index) / mega, _TARGET),
        Row("fetched for a cell, by one that has the index", median(known) / mega, "MB",
            "3 × its own bytes", allowed / mega, _TARGET),
        Row("  its own bytes", median(own) / mega, "MB"),
        Row("  the index", index / mega, "MB"),
    ]  # fmt: skip
    notes = [f"A film of 2 h and {file.stat().st_size / 1e9:.1f} GB; {len(_PLACES)} places, highest rung."]
    report("source", "What a cell costs the storage", rows, notes, site.folder)


@asynccontextmanager
async def _server(storage: S3Storage) -> AsyncIterator[SourceServer]:
    """The range server of a worker that has just begun."""
    with tempfile.TemporaryDirectory() as folder:
        sources = SourceServer(storage, Scratch(Path(folder)), _CACHE_BYTES)
        await sources.open()
        try:
            yield sources
        finally:
            await sources.close()


async def _fetched(storage: _CountingStorage, sources: SourceServer, plan: Plan, cell: int) -> int:
    before = storage.fetched
    async with sources.serve(_KEY) as source:
        made = encode_cells(source.url, plan, range(cell, cell + 1), [plan.video[-1].name])
        async with aclosing(made) as cells:
            async for _ in cells:
                pass
    return storage.fetched - before


async def _upload(storage: S3Storage, file: Path) -> None:
    size = file.stat().st_size
    try:
        if await storage.size(_KEY) == size:
            return
    except NoSuchObjectError:
        pass
    progress("uploading the long film; it is kept for the next run")
    upload = await storage.begin_upload(_KEY, "video/mp4")
    starts = range(0, size, _PART_BYTES)
    sizes = {number: min(_PART_BYTES, size - start) for number, start in enumerate(starts, start=1)}
    urls = await storage.part_urls(_KEY, upload, sizes, expires=3600)
    async with aiohttp.ClientSession() as http:
        with file.open("rb") as content:
            for url in urls:
                async with http.put(url, data=await asyncio.to_thread(content.read, _PART_BYTES)) as answer:
                    answer.raise_for_status()
    await storage.complete_upload(_KEY, upload, await storage.list_parts(_KEY, upload))


def _index_bytes(file: Path) -> int:
    """What stands before the pictures: the film is written with its index first."""
    with file.open("rb") as content:
        while True:
            head = content.read(8)
            size, kind = int.from_bytes(head[:4]), head[4:]
            if kind == b"mdat":
                return content.tell() - 8
            content.seek(size - 8, 1)


def _own_bytes(file: Path, plan: Plan, cell: int) -> int:
    """Bytes of the source's pictures that the cell shows."""
    first, last = (float(plan.grid.cell_start(index) + plan.source.start) for index in (cell, cell + 1))
    command = [
        find_binaries().ffprobe, "-v", "error", "-select_streams", "v:0", "-read_intervals", f"{first}%{last}",
        "-show_entries", "packet=pts_time,size", "-of", "csv=p=0", str(file),
    ]  # fmt: skip
    packets = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    moments = (line.split(",")[:2] for line in packets)
    return sum(int(size) for moment, size in moments if first <= float(moment) < last)
