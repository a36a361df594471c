"""A loopback range server with one file, as the worker runs beside FFmpeg."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def serving(path: Path, *, breaks_at: int | None = None) -> AsyncIterator[str]:
    """The address of the file for as long as the block lasts; no byte from `breaks_at` on is ever sent."""
    data = path.read_bytes()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await _respond(data, head.decode("latin-1"), writer, breaks_at)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/source"
    finally:
        server.close()


async def _respond(data: bytes, head: str, writer: asyncio.StreamWriter, breaks_at: int | None) -> None:
    found = re.search(r"(?im)^range: *bytes=(\d+)-(\d*)", head)
    first = int(found[1]) if found else 0
    last = min(int(found[2]) if found and found[2] else len(data) - 1, len(data) - 1)
    body = data[first : last + 1]
    status = "206 Partial Content" if found else "200 OK"
    if first >= len(data):
        status, body = "416 Range Not Satisfiable", b""
    lines = [f"HTTP/1.1 {status}", "Accept-Ranges: bytes", f"Content-Length: {len(body)}"]
    if found and body:
        lines.append(f"Content-Range: bytes {first}-{last}/{len(data)}")
    if breaks_at is not None and last >= breaks_at:
        writer.write("\r\n".join((*lines, "", "")).encode() + body[: max(0, breaks_at - first)])
        await writer.drain()
        raise ConnectionAbortedError
    writer.write("\r\n".join((*lines, "", "")).encode() + body)
    await writer.drain()
