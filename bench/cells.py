"""A warm cell through the API, against a web server that serves the same file and asks nothing."""

import asyncio
import os
import shutil
from contextlib import ExitStack
from uuid import UUID

from bench.api import floor_environment
from bench.load import Lane, Load, Shots, compare
from bench.proxies import find_nginx, static_files
from bench.seed import populated
from bench.servers import Site
from bench.tables import Row, Target, report
from matinee.common.environment import load_settings
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys

_BYTES = 500_000  # four seconds at 1 Mbit/s
_TARGET = Target("≥", 0.5)


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    population = populated(site.postgres)
    video = UUID(population.playable[0])
    files = site.folder / "static"
    files.mkdir(exist_ok=True)
    cell = os.urandom(_BYTES)
    (files / "0.m4s").write_bytes(cell)
    asyncio.run(_store(site, population.url, video, cell))
    shots = Shots("GET", [f"/playback/{video}/r1/v720/0.m4s"])
    with ExitStack() as servers:
        ours = servers.enter_context(site.api(population.url))
        mount = ["--static-path-mount", str(files), "--static-path-route", "/static"]
        environment = floor_environment(population)
        granian = servers.enter_context(site.granian("granian", "bench.floor:media", environment, *mount))
        nginx = servers.enter_context(static_files(site, files)) if find_nginx() else None
        lanes = [Lane(ours, shots), Lane(granian, Shots("GET", ["/static/0.m4s"]))]
        if nginx is not None:
            lanes.append(Lane(nginx, Shots("GET", ["/0.m4s"])))
        loads = compare(lanes, site.folder, seconds=seconds, rounds=rounds, label="a cell of 500 kB")
    notes = ["One process each; the cell is in the API's cache on disk, and so in the kernel's memory."]
    if nginx is None:
        notes.append("No nginx on this machine to compare with.")
    report("cells", "A warm cell of 500 kB", _rows(*loads), notes, site.folder)


def _rows(ours: Load, granian: Load, nginx: Load | None = None) -> list[Row]:
    rows = [
        Row("GET …/{index}.m4s", ours.rate, "req/s", "Granian, static file", granian.rate, _TARGET),
        Row("  throughput", ours.megabytes, "MB/s", "Granian, static file", granian.megabytes, _TARGET),
        Row("  p99", ours.p99, "ms", "Granian, static file", granian.p99),
    ]
    if nginx is not None:
        rows.append(Row("  requests", ours.rate, "req/s", "nginx, sendfile", nginx.rate))
        rows.append(Row("  throughput", ours.megabytes, "MB/s", "nginx, sendfile", nginx.megabytes))
    return rows


async def _store(site: Site, database_url: str, video: UUID, cell: bytes) -> None:
    """Puts the object where the seeded row says that it is."""
    storage = S3Storage(load_settings(site.environment(database_url)))
    await storage.open()
    try:
        await storage.put(keys.cell_key(video, "r1", "v720", 0), cell, keys.CONTENT_TYPES["video"])
    finally:
        await storage.close()
    shutil.rmtree(site.folder / "cells", ignore_errors=True)  # the API shall not serve another run's bytes
