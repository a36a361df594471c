"""API and worker on a database of their own, and a client that uploads to them as any program would."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import aiohttp
import psycopg
from psycopg import sql

from bench.servers import Server, Site
from matinee.cli.client import Client
from matinee.common.migrations import migrate
from matinee.media.model import Plan, VideoRendition
from matinee.media.stored_plans import decode_plan
from matinee.modules.videos.schemas import Video

_PASSWORD = "correct horse battery"
_PATIENCE = 900.0  # seconds


class Studio(NamedTuple):
    """Running servers."""

    url: str
    pid: int
    """Of the API."""
    worker: Server
    database_url: str


@contextmanager
def studio(site: Site, name: str, **settings: str) -> Iterator[Studio]:
    """An empty installation, with settings of its own."""
    database = f"bench_{name}"
    with psycopg.connect(site.postgres.dsn_of("postgres"), autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    url = site.postgres.dsn_of(database)
    migrate(url)
    with site.api(url, **settings) as api, site.worker(url, **settings) as worker:
        yield Studio(api.url, api.pid, worker, url)


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[Client]:
    """A client with an account."""
    async with Client(url) as client:
        await client.register("bench@example.org", _PASSWORD, "Bench")
        await client.log_in("bench@example.org", _PASSWORD)
        yield client


async def seconds_until(client: Client, file: Path, reached: Callable[[Video], bool]) -> tuple[float, Video]:
    """Uploads a file; seconds from the request that completes it to the event that tells what is waited for.

    By then the storage has written all of it to the disk: the cores shall be idle, as where it is another machine.
    """
    started = await client.init(file, file.stem, "public")
    assert started.upload is not None, "no hash was announced, so no file is taken for a known one"
    await client.send_parts(started.video, started.upload, file, lambda _: None)
    await asyncio.to_thread(os.sync)
    clock = time.monotonic()
    async with asyncio.timeout(_PATIENCE):
        video = await client.complete(started.video)
        async for seen in client.follow(video):
            if seen.status == "FAILED":
                raise SystemExit(f"{file.name} failed: {seen.failure}")
            if reached(seen):
                return time.monotonic() - clock, seen
    raise SystemExit(f"The events of {file.name} ended early.")


def is_ready(video: Video) -> bool:
    """Whether a video can be played."""
    return video.status == "READY"


def plan_of(place: Studio, video_id: UUID) -> Plan:
    """How a video is encoded."""
    with psycopg.connect(place.database_url) as db:
        row = db.execute("SELECT plan::text FROM videos WHERE id = %s", (video_id,)).fetchone()
    assert row is not None
    return decode_plan(row[0])


async def get_cell(http: aiohttp.ClientSession, video_id: UUID, plan: Plan, rung: VideoRendition, cell: int) -> float:
    """Seconds until a player has the cell: it asks again where the server says so."""
    began = time.monotonic()
    while True:
        async with http.get(f"/playback/{video_id}/{plan.recipe}/{rung.name}/{cell}.m4s") as answer:
            await answer.read()
            if answer.status == 200:
                return time.monotonic() - began
            if answer.status != 503:
                raise SystemExit(f"Cell {cell} of {rung.name} answered {answer.status}.")


async def clear(place: Studio) -> None:
    """Deletes every video and waits until no job is at work any more."""
    async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as db:
        await db.execute("UPDATE videos SET deleted_at = now() WHERE deleted_at IS NULL")
        async with asyncio.timeout(_PATIENCE):
            while True:
                await db.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
                row = await (
                    await db.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")
                ).fetchone()
                if row == (0,):
                    return
                await asyncio.sleep(0.1)
