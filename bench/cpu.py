"""CPU time of a request inside our own code: the application called in this process, without server and wire.

Other load on the machine hardly moves these figures, so they show what a change of the code costs or saves.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

import uvloop
from starlette.types import ASGIApp, Message, Scope

from bench import api, floor
from bench.load import CONNECTIONS, Shots
from bench.seed import populated
from bench.servers import Site
from bench.tables import Row, median, progress, report
from matinee.app import create_app
from matinee.bootstrap import open_services
from matinee.common.environment import load_settings
from matinee.common.logging import configure_logging


class Cost(NamedTuple):
    """Microseconds of CPU time of this process a request."""

    ours: float
    floor: float


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    population = populated(site.postgres)
    requests = max(300, round(seconds * 400))
    settings = load_settings(site.environment(population.url))
    configure_logging("warning")
    os.environ.update(api.floor_environment(population, "asyncpg"))
    rows = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for case in api.cases(population):
            costs = runner.run(_measure(settings, case, requests, rounds))
            progress(f"{case.figure}: {costs.ours:.0f} µs, floor {costs.floor:.0f} µs")
            rows.append(Row(case.figure, costs.ours, "µs CPU", "bare ASGI, asyncpg", costs.floor))
    notes = ["The time of PostgreSQL and of the HTTP server is not in it."]
    report("cpu", "CPU time of a request, in process", rows, notes, site.folder)


async def _measure(settings: Any, case: "api.Case", requests: int, rounds: int) -> Cost:
    bare = getattr(floor, case.floor)
    async with open_services(settings) as services, _living(bare):
        app = create_app(services)
        ours, floors = [], []
        for _ in range(rounds + 1):
            ours.append(await _spend(app, case.ours, requests))
            floors.append(await _spend(bare, case.bare, requests))
    return Cost(median(ours[1:]), median(floors[1:]))


class _living:  # noqa: N801  # reads as a verb
    """Runs an application's lifespan around a block."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __aenter__(self) -> None:
        self._stop = asyncio.Event()
        started = asyncio.Event()
        turns: Iterator[Any] = iter(({"type": "lifespan.startup"},))

        async def receive() -> Message:
            for message in turns:
                return message
            await self._stop.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.set()

        self._task = asyncio.create_task(self._app({"type": "lifespan"}, receive, send))
        await started.wait()

    async def __aexit__(self, *error: object) -> None:
        self._stop.set()
        await self._task


async def _spend(app: ASGIApp, shots: Shots, requests: int) -> float:
    """Microseconds a request, with as many at once as wrk keeps open."""
    scopes = islice(_scopes(shots), requests)
    body = (shots.body or "").encode()

    async def client() -> None:
        for scope in scopes:
            await _call(app, scope, body)

    started = time.process_time()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return (time.process_time() - started) / requests * 1e6


def _scopes(shots: Shots) -> Iterator[Scope]:
    tokens: Sequence[str] = shots.tokens or [""]
    length = len((shots.body or "").encode())
    for path, token in zip(cycle(shots.paths), cycle(tokens)):
        bare, _, query = path.partition("?")
        headers = [(b"host", b"127.0.0.1:3000")]
        if token:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if shots.body is not None:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]
        yield {
            "type": "http", "method": shots.method, "path": bare, "query_string": query.encode(),
            "headers": headers, "client": ("127.0.0.1", 50_000), "extensions": {},
        }  # fmt: skip


async def _call(app: ASGIApp, scope: Scope, body: bytes) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            raise RuntimeError(f"{scope['method']} {scope['path']} answered {message['status']}")

    await app(scope, receive, send)
