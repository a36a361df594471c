"""A file that comes through the server: how fast, beside the storage by itself, and the memory that it takes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiohttp
import psutil
from aiohttp import web

from bench.servers import Site
from bench.studio import Studio, studio
from bench.tables import Row, Target, median, progress, report
from matinee.common.environment import load_settings
from matinee.common.storage.s3 import S3Storage
from matinee.modules.uploads.rules import PART_SIZE

_MIB = 1024**2
_SIZES = (64 * _MIB, 640 * _MIB)
_BLOCK = bytes(range(256)) * 1024
_MEMORY = Target("≤", 40)
_SPEED = Target("≥", 0.5)


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds
    with studio(site, "uploads", IMPORT_ALLOWED="127.0.0.1") as servers:
        figures = asyncio.run(_measure(site, servers, min(rounds, 3)))
    rows = []
    for way, (peaks, rate, floor) in figures.items():
        rows += [
            Row(f"{way}, {size // _MIB} MiB: peak memory beyond rest", peak, "MB", target=_MEMORY)
            for size, peak in zip(_SIZES, peaks, strict=True)
        ]
        rows.append(Row(f"{way}, {_SIZES[-1] // _MIB} MiB: speed", rate, "MB/s", "the storage", floor, _SPEED))
    notes = ["One file at a time. The storage: the same parts, put by this process without a server between."]
    report("uploads", "Uploads through the server", rows, notes, site.folder)


Figures = dict[str, tuple[list[float], float, float]]
"""By the way that files come: peaks of memory, MB/s, MB/s of the storage by itself."""


async def _measure(site: Site, servers: Studio, rounds: int) -> Figures:
    figures: Figures = {}
    storage = S3Storage(load_settings(site.environment("postgresql://unused/unused")))
    await storage.open()
    try:
        async with await _signed_in(servers.url) as client, _film_server() as films:
            ways: dict[str, tuple[Callable[[], float], Callable[[int], Awaitable[float]]]] = {
                "tus, one request": (partial(_peak, servers.pid), partial(_tus, client)),
                "PUT to its address": (partial(_peak, servers.pid), partial(_put, client)),
                # by itself: its children look at what has arrived
                "import by a worker": (partial(_high_water, servers.worker.pid), partial(_import, client, films)),
            }
            for way, (peak, send) in ways.items():
                await send(_MIB)  # what a first file loads stays
                rest = peak()
                peaks, rates, floors = [], [], []
                for size in _SIZES:
                    for turn in range(rounds):
                        rates.append(size / 1e6 / await send(size))
                        floors.append(size / 1e6 / await _straight(storage, size))
                        progress(f"{way}, {size // _MIB} MiB, round {turn + 1} of {rounds}: {rates[-1]:.0f} MB/s")
                    peaks.append(peak() - rest)
                figures[way] = peaks, median(rates[rounds:]), median(floors[rounds:])
    finally:
        await storage.close()
    return figures


@asynccontextmanager
async def _film_server() -> AsyncIterator[str]:
    """Where a file of any size lies: at its size."""

    async def film(request: web.Request) -> web.StreamResponse:
        size = int(request.match_info["size"])
        answer = web.StreamResponse(headers={"ETag": '"film"', "Content-Length": str(size)})
        await answer.prepare(request)
        async for block in _bytes(size):
            await answer.write(block)
        return answer

    app = web.Application()
    app.router.add_get("/{size}", film)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _signed_in(url: str) -> aiohttp.ClientSession:
    account = {"email": "bench@example.org", "password": "correct horse battery"}
    async with aiohttp.ClientSession(url) as http:
        async with http.post("/api/v1/auth/register", json={**account, "name": "Bench"}) as answer:
            answer.raise_for_status()
        async with http.post("/api/v1/auth/login", json=account) as answer:
            token = (await answer.json())["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    return aiohttp.ClientSession(url, headers=headers, timeout=aiohttp.ClientTimeout(total=None))


async def _tus(client: aiohttp.ClientSession, size: int) -> float:
    bare = {"Content-Type"}  # else aiohttp says one, of no body
    async with client.post(
        "/api/v1/uploads", headers={"Upload-Length": str(size)}, skip_auto_headers=bare
    ) as created:
        created.raise_for_status()
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Content-Length": str(size)}
    began = time.monotonic()
    async with client.patch(created.headers["Location"], data=_bytes(size), headers=headers) as answer:
        answer.raise_for_status()
    return time.monotonic() - began


async def _put(client: aiohttp.ClientSession, size: int) -> float:
    file = {"title": "Bench", "filename": "bench.mp4", "filesize": size, "filetype": "video/mp4"}
    async with client.post("/api/v1/videos/init", json=file) as started:
        started.raise_for_status()
        url = (await started.json())["upload"]["url"]
    began = time.monotonic()
    async with client.put(url, data=_bytes(size), headers={"Content-Length": str(size)}) as answer:
        answer.raise_for_status()
    return time.monotonic() - began


async def _import(client: aiohttp.ClientSession, films: str, size: int) -> float:
    began = time.monotonic()
    async with client.post("/api/v1/videos/import", json={"url": f"{films}/{size}"}) as answer:
        answer.raise_for_status()
        video = f"/api/v1/videos/{(await answer.json())['id']}"
    while True:
        async with client.get(video) as answer:
            if (await answer.json())["import"] is None:
                return time.monotonic() - began
        await asyncio.sleep(0.05)


async def _straight(storage: S3Storage, size: int) -> float:
    key = f"bench/uploads/{uuid4()}"
    upload_id = await storage.begin_upload(key, "video/mp4")
    began = time.monotonic()
    for number in range(1, size // PART_SIZE + 1):
        await storage.put_part(key, upload_id, number, PART_SIZE, _bytes(PART_SIZE))
    await storage.complete_upload(key, upload_id, await storage.list_parts(key, upload_id))
    taken = time.monotonic() - began
    await storage.delete(key)
    return taken


async def _bytes(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // len(_BLOCK)):
        yield _BLOCK


def _peak(pid: int) -> float:
    return sum(_high_water(child) for child in [pid, *(c.pid for c in psutil.Process(pid).children(recursive=True))])


def _high_water(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), 0.0)
