"""A web server with one file, on a loopback address of its own, and with whatever manners a test wants."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self


class FilmServer:
    """Answers every path with the file, one connection a request, unless something else is set."""

    def __init__(self, content: bytes = b"", *, host: str = "127.0.0.2") -> None:
        self.content = content
        self.host = host
        self.media_type = "video/mp4"
        self.etag: str | None = '"first"'
        self.takes_ranges = True
        self.tells_length = True
        self.lies = 0
        """Bytes that it announces and does not send."""
        self.cuts: list[int] = []
        """After how many bytes each of the next answers breaks off."""
        self.statuses: list[int] = []
        """What the next answers say; 200 is the file."""
        self.location = ""
        """Where they redirect to."""
        self.successors: list[tuple[str, bytes]] = []
        """Tags and contents that the file has after each of the next answers."""
        self.more: dict[str, str] = {}
        """Further headers."""
        self.endless = False
        self.holds = asyncio.Event()
        """Cleared: an answer stops before its last byte until it is set."""
        self.holds.set()
        self.requests: list[Mapping[str, str]] = []
        """The headers of each request, its line as the empty one."""
        self.ended = asyncio.Event()
        """Whether a client has gone before it got everything."""
        self._handlers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def url(self, path: str = "/sea.mp4", host: str | None = None) -> str:
        """Where something is, by the server's address or another name of it."""
        return f"http://{host or self.host}:{self.port}{path}"

    @property
    def ranges(self) -> list[str | None]:
        """Which part each request asked for."""
        return [request.get("range") for request in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(await reader.readuntil(b"\r\n\r\n"), writer)
        finally:
            self._handlers.discard(task)
            writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        line, *fields = head.decode().strip().split("\r\n")
        request = {"": line} | {name.lower(): value for name, _, value in (f.partition(": ") for f in fields)}
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            await self._send(writer, status, {"Content-Length": "0", "Location": self.location}, b"")
            return
        start = self._start(request)
        body = self.content[start:]
        headers = {"Content-Type": self.media_type}
        if self.etag is not None:
            headers["ETag"] = self.etag
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        if self.tells_length and not self.endless:
            headers["Content-Length"] = str(len(body) + self.lies)
        if self.successors:
            self.etag, self.content = self.successors.pop(0)
        await self._send(writer, 206 if start else 200, headers | self.more, body)

    def _start(self, request: Mapping[str, str]) -> int:
        wanted = re.fullmatch(r"bytes=(\d+)-", request.get("range", ""))
        if not self.takes_ranges or wanted is None or request.get("if-range") != self.etag:
            return 0
        return int(wanted[1])

    async def _send(self, writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: bytes) -> None:
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} So\r\n{fields}Connection: close\r\n\r\n".encode())
        cut = self.cuts.pop(0) if self.cuts and status < 300 else None
        try:
            if self.endless:
                while True:
                    writer.write(bytes(65536))
                    await writer.drain()
            writer.write(body[: cut if cut is not None else max(0, len(body) - 1)])
            await writer.drain()
            if cut is not None:
                writer.transport.abort() if cut % 2 else writer.close()
                return
            await self.holds.wait()
            writer.write(body[-1:])
            await writer.drain()
        except ConnectionError:
            self.ended.set()
