"""A file that comes through the server: how fast, beside the storage by itself, and the memory that it takes."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import psutil
import psycopg
from psycopg import sql

from bench.servers import Site
from bench.tables import Row, Target, median, progress, report
from matinee.common.config import load_settings
from matinee.common.migrations import migrate
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
    name = "bench_uploads"
    with psycopg.connect(site.postgres.dsn_of("postgres"), autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = site.postgres.dsn_of(name)
    migrate(url)
    with site.api(url) as api:
        peaks, through, floor = asyncio.run(_measure(site, api.url, api.pid, min(rounds, 3)))
    rows = [
        Row(f"peak memory beyond that of a server at rest, {size // _MIB} MiB", peak, "MB", target=_MEMORY)
        for size, peak in zip(_SIZES, peaks, strict=True)
    ]
    rows.append(Row("through the server by tus, one request", through, "MB/s", "the storage", floor, _SPEED))
    notes = ["One upload at a time. The storage: the same parts, put by this process without a server between."]
    report("uploads", "Uploads through the server", rows, notes, site.folder)


async def _measure(site: Site, url: str, pid: int, rounds: int) -> tuple[list[float], float, float]:
    storage = S3Storage(load_settings(site.environment("postgresql://unused/unused")))
    await storage.open()
    try:
        async with await _signed_in(url) as client:
            await _tus(client, _MIB)  # what a first upload loads stays
            rest = _peak(pid)
            peaks, rates, floors = [], [], []
            for size in _SIZES:
                for turn in range(rounds):
                    rates.append(size / 1e6 / await _tus(client, size))
                    floors.append(size / 1e6 / await _straight(storage, size))
                    progress(f"{size // _MIB} MiB, round {turn + 1} of {rounds}: {rates[-1]:.0f} MB/s")
                peaks.append(_peak(pid) - rest)
    finally:
        await storage.close()
    return peaks, median(rates[rounds:]), median(floors[rounds:])


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
    async with client.post("/api/v1/uploads", headers={"Upload-Length": str(size)}) as created:
        created.raise_for_status()
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Content-Length": str(size)}
    began = time.monotonic()
    async with client.patch(created.headers["Location"], data=_bytes(size), headers=headers) as answer:
        answer.raise_for_status()
    return time.monotonic() - began


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
