"""Viewers by the thousand in one process: each reads the playlist and then a cell every few seconds, as players do.

Cheap, because the servers shall have the cores: connections are kept, bodies go into one buffer that all share, where
they are counted and forgotten.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvloop

_PATIENCE = 60.0  # seconds for a request, then it counts as failed
_PAUSE = 0.5
_BUFFER = bytearray(256 * 1024)


class Seen(NamedTuple):
    """What all viewers saw."""

    cells: list[float]  # seconds of each, from the request to its last byte, wherever it was sent to
    failures: list[str]


class Audience(NamedTuple):
    """Who comes: viewer i is late by i / viewers of the pace."""

    viewers: int
    pace: float  # seconds from one cell to the next
    playlist: str
    cells: Sequence[str]
    size: int | None = None  # bytes of each cell, where it is known


def watch(url: str, audience: Audience) -> Seen:
    """Has all of them watch all cells, in the order given."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_watch(url, audience))


async def _watch(url: str, audience: Audience) -> Seen:
    seen = Seen([], [])
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(audience.viewers):
            at = began + audience.pace * number / audience.viewers
            tasks.create_task(_Viewer(url, audience, seen).watch(at))
    return seen


class _Viewer:
    """One of them, with a connection to each server that he is sent to."""

    def __init__(self, url: str, audience: Audience, seen: Seen) -> None:
        self._url = url
        self._audience = audience
        self._seen = seen
        self._wires: dict[str, _Wire] = {}

    async def watch(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        try:
            await self._get(self._url + self._audience.playlist)
            for turn, cell in enumerate(self._audience.cells):
                await asyncio.sleep(max(0.0, at + turn * self._audience.pace - time.monotonic()))
                asked = time.monotonic()
                length = await self._get(self._url + cell)
                self._seen.cells.append(time.monotonic() - asked)
                if self._audience.size not in (None, length):
                    self._seen.failures.append(f"a cell of {length} bytes")
        except (OSError, TimeoutError) as error:
            self._seen.failures.append(f"{type(error).__name__} {error}".strip())
        finally:
            for wire in self._wires.values():
                wire.close()

    async def _get(self, url: str) -> int:
        """The bytes of the body, in the end."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                parts = urlsplit(url)
                wire = self._wires.get(parts.netloc)
                if wire is None or wire.is_closed:
                    wire = self._wires[parts.netloc] = await _connect(parts.netloc)
                answer = await wire.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
                if answer.status == 200:
                    return answer.length
                if answer.status == 302:
                    url = answer.location
                elif answer.status == 503:  # not made yet: players ask again
                    await asyncio.sleep(_PAUSE)
                else:
                    raise OSError(f"status {answer.status}")


class _Answer(NamedTuple):
    status: int
    length: int
    location: str


class _Wire(asyncio.BufferedProtocol):
    """A kept connection, one request at a time."""

    def __init__(self, host: str) -> None:
        self.is_closed = False
        self._host = host
        self._head = b""
        self._left = 0
        self._answer = _Answer(0, 0, "")
        self._done: asyncio.Future[_Answer] | None = None

    async def get(self, target: str) -> _Answer:
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        return await self._done

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: Any) -> None:  # uvloop's is no asyncio.Transport
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError(f"the connection ended: {error}"))

    def get_buffer(self, hint: int) -> bytearray:
        del hint
        return _BUFFER

    def buffer_updated(self, count: int) -> None:
        if self._left:
            self._left -= count
        else:
            self._head += _BUFFER[:count]
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._answer = _read(head)
            self._left = self._answer.length - len(body)
            self._head = b""
        if self._left <= 0 and self._done is not None:
            self._left = 0
            self._done.set_result(self._answer)


async def _connect(netloc: str) -> _Wire:
    host, _, port = netloc.partition(":")
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: _Wire(netloc), host, int(port))
    return wire


def _read(head: bytes) -> _Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return _Answer(int(first.split()[1]), int(headers.get("content-length", 0)), headers.get("location", ""))
