"""The floor: the same SQL by a bare driver in bare ASGI applications, without anything that makes it a product.

No tokens, no validation, no errors, no logs. What an application takes beyond this is what it costs. Each is served
by Granian, as Matinee is: `FLOOR_DRIVER=asyncpg granian bench.floor:row`. The driver is psycopg with its own pool,
which is what most would take, or asyncpg with Matinee's pool.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from psycopg_pool import AsyncConnectionPool

from matinee.common.database import Database, _call
from matinee.common.http.pagination import decode_cursor
from matinee.modules.playback import repository as playback_sql
from matinee.modules.uploads import repository as uploads_sql
from matinee.modules.videos import repository as videos_sql

DRIVERS = ("psycopg", "asyncpg")
_POOL = 16

Rows = Sequence[Any]
Fetch = Callable[[str, Any], Awaitable[Rows]]
Handle = Callable[[Fetch, dict[str, Any], Any], Awaitable[bytes]]

_TEXT = b"#EXTM3U\n" + b"#EXTINF:4.000000,\n0.m4s\n" * 15  # as long as the playlist of a minute
_LIST_FIRST = f"{videos_sql._MINE} {videos_sql._NEWEST}"
_LIST_AFTER = f"{videos_sql._MINE} {videos_sql._AFTER} {videos_sql._NEWEST}"


class Bare:
    """An ASGI application of one handler over a pool."""

    def __init__(self, handle: Handle, status: int = 200) -> None:
        self._handle = handle
        self._status = status
        self._driver: Psycopg | Asyncpg | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._driver is not None
        body = b"ok" if scope["path"] == "/health" else await self._handle(self._driver.fetch, scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._driver = (Asyncpg if os.environ.get("FLOOR_DRIVER") == "asyncpg" else Psycopg)(
            os.environ["DATABASE_URL"]
        )
        await self._driver.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._driver.close()
        await send({"type": "lifespan.shutdown.complete"})


class Psycopg:
    """psycopg and its pool: prepared statements, binary results, no transaction around a lone statement."""

    def __init__(self, url: str) -> None:
        self._pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            url, min_size=2, max_size=_POOL, kwargs={"prepare_threshold": 0, "autocommit": True}, open=False
        )

    async def open(self) -> None:
        await self._pool.open(wait=True)

    async def close(self) -> None:
        await self._pool.close()

    async def fetch(self, sql: str, params: Any) -> Rows:
        async with self._pool.connection() as db, db.cursor(binary=True) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()


class Asyncpg:
    """asyncpg and Matinee's pool."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, size=_POOL, name="floor")

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def fetch(self, sql: str, params: Any) -> Rows:
        text, values = _call(sql, params)
        async with self._database.connection() as db:
            return [tuple(record) for record in await db.fetch(text, *values)]


async def _row(fetch: Fetch, scope: dict[str, Any], receive: Any) -> bytes:
    video_id = UUID(scope["path"].rpartition("/")[2])
    return msgspec.json.encode((await fetch(videos_sql._FIND_DETAIL, (video_id,)))[0])


async def _page(fetch: Fetch, scope: dict[str, Any], receive: Any) -> bytes:
    query = dict(parse_qsl(scope["query_string"].decode()))
    params: dict[str, Any] = {"owner": UUID(query["owner"]), "limit": 21}
    if "cursor" not in query:
        return msgspec.json.encode(await fetch(_LIST_FIRST, params))
    after = decode_cursor(query["cursor"])
    assert after is not None
    params |= {"created_at": after.created_at, "id": after.id}
    return msgspec.json.encode(await fetch(_LIST_AFTER, params))


@cache
def _owners() -> Iterator[str]:
    return cycle(os.environ["BENCH_OWNERS"].split(","))


async def _insert(fetch: Fetch, scope: dict[str, Any], receive: Any) -> bytes:
    new = msgspec.json.decode((await receive())["body"])
    params = {**new, "owner": UUID(next(_owners())), "visibility": "private", "part_size": 16777216}
    return msgspec.json.encode((await fetch(uploads_sql._INSERT, params))[0])


async def _master(fetch: Fetch, scope: dict[str, Any], receive: Any) -> bytes:
    await fetch(playback_sql._LADDER, (UUID(scope["path"].split("/")[2]),))
    return _TEXT


async def _media(fetch: Fetch, scope: dict[str, Any], receive: Any) -> bytes:
    await fetch(playback_sql._VIDEO, (UUID(scope["path"].split("/")[2]),))
    return _TEXT


row = Bare(_row)
page = Bare(_page)
insert = Bare(_insert, 201)
master = Bare(_master)
media = Bare(_media)
