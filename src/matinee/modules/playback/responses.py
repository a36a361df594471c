"""Playback's answers as ASGI responses: playlists and objects, whole, in part, unchanged or elsewhere."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from matinee.modules.playback.cell_cache import CachedFile
from matinee.modules.playback.conditions import counting_range, is_unchanged, requested_range
from matinee.modules.playback.delivery import Handover, Readable, Redirect, Source
from matinee.modules.playback.objects import Permission, Playlist, StoredObject

_READ_BYTES = 256 * 1024  # larger: more memory a viewer; smaller: more turns of the event loop

# A playlist is asked for again after seconds: more may be stored by then, and a video may have turned private.
_PLAYLIST_PUBLIC = b"public, max-age=5"
_PLAYLIST_PRIVATE = b"private, no-cache"
_OBJECT_FOR_EVER = b"max-age=31536000, immutable"
_OBJECT_FOR_NOW = b"no-cache"  # to be kept, but asked for before each use: the ETag tells whether it is still that

_PROXY_LOCATION = b"/_storage"  # which the proxy keeps for us: see deploy/

Headers = list[tuple[bytes, bytes]]


class Bare(Response):
    """A status and headers; a body only where the request's method has one."""

    def __init__(self, status: int, headers: Headers, body: bytes = b"") -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


class Bytes(Response):
    """Some bytes of an object."""

    def __init__(self, status: int, headers: Headers, source: CachedFile | Readable, window: range) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.background = None
        self._source = source
        self._window = window

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        source = self._source
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        if (lift_deadline := scope.get("matinee.lift_deadline")) is not None:
            lift_deadline()  # how long the client takes to receive it is its own affair
        if not isinstance(source, CachedFile):
            await _send_chunks(send, source.read(self._window))
        elif self.status_code == 200 and "http.response.pathsend" in scope.get("extensions", ()):
            await send({"type": "http.response.pathsend", "path": source.path})  # the server reads it, without us
        else:
            await _send_chunks(send, _read_file(source.path, self._window))


def playlist_response(playlist: Playlist, content_type: str, headers: dict[bytes, bytes]) -> Response:
    """A playlist, or 304 where the client holds it."""
    document = playlist.document
    kept = _PLAYLIST_PRIVATE if playlist.private else _PLAYLIST_PUBLIC
    answer = [(b"etag", document.etag.encode()), (b"cache-control", kept)]
    if is_unchanged(_text(headers, b"if-none-match"), document.etag):
        return Bare(304, answer)
    answer += [
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(document.body)),
    ]
    return Bare(200, answer, document.body)


def unchanged_response(stored: StoredObject, headers: dict[bytes, bytes]) -> Response | None:
    """304 where the client holds the object."""
    if is_unchanged(_text(headers, b"if-none-match"), stored.etag):
        return Bare(304, _object_headers(stored))
    return None


def permission_response(permission: Permission) -> Response:
    """That the video may be played, and who may keep the answer: as its playlists say it."""
    kept = _PLAYLIST_PRIVATE if permission.private else _PLAYLIST_PUBLIC
    return Bare(204, [(b"cache-control", kept), (b"x-media-mark", permission.mark.encode())])


def object_response(stored: StoredObject, source: Source, headers: dict[bytes, bytes]) -> Response:
    """The object from where it is: 200, 206 or 302. Raises RangeNotSatisfiable."""
    if isinstance(source, Redirect):
        # not kept: the address expires, and the video may turn private
        return Bare(
            302, [(b"location", source.url.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")]
        )
    answer = _object_headers(stored)
    answer += [(b"accept-ranges", b"bytes"), (b"content-type", stored.content_type.encode())]
    asked = _text(headers, b"range"), _text(headers, b"if-range"), stored.etag
    if isinstance(source, Handover):
        return Bare(200, _handed_over(answer, source, counting_range(*asked)))
    window = requested_range(*asked, source.size)
    if window is None:
        answer.append((b"content-length", b"%d" % source.size))
        return Bytes(200, answer, source, range(source.size))
    answer += [
        (b"content-length", b"%d" % len(window)),
        (b"content-range", b"bytes %d-%d/%d" % (window.start, window.stop - 1, source.size)),
    ]
    return Bytes(206, answer, source, window)


def picture_response(jpeg: bytes, version: str, if_none_match: str | None, *, immutable: bool) -> Response:
    """A small picture that everybody may see, or 304; `immutable` where its address names the version."""
    etag = f'"{version}"'
    kept = b"public, " + (_OBJECT_FOR_EVER if immutable else _OBJECT_FOR_NOW)
    answer = [(b"etag", etag.encode()), (b"cache-control", kept)]
    if is_unchanged(if_none_match, etag):
        return Bare(304, answer)
    answer += [(b"content-type", b"image/jpeg"), (b"content-length", b"%d" % len(jpeg))]
    return Bare(200, answer, jpeg)


def present_response(path: str) -> Response:
    """To where the present version is, for whoever asked for another."""
    return Bare(302, [(b"location", path.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")])


def _object_headers(stored: StoredObject) -> Headers:
    who = b"private, " if stored.private else b"public, "
    how_long = _OBJECT_FOR_EVER if stored.immutable else _OBJECT_FOR_NOW
    return [(b"etag", stored.etag.encode()), (b"cache-control", who + how_long)]


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _handed_over(answer: Headers, source: Handover, counting: str | None) -> Headers:
    """What the proxy goes by.

    It is told which range counts, because the storage knows its own ETags only; and how long the object may be
    kept, by a name that nginx does not copy by itself, for it would copy it to the storage's faults too.
    """
    kept = [(b"x-accel-cache-control" if name == b"cache-control" else name, value) for name, value in answer]
    kept += [(b"x-accel-redirect", _PROXY_LOCATION + source.target.encode()), (b"content-length", b"0")]
    return kept if counting is None else [*kept, (b"x-accel-range", counting.encode())]


async def _send_chunks(send: Send, chunks: AsyncGenerator[bytes, None]) -> None:
    async with aclosing(chunks):  # whatever ends the sending, the file or the connection is let go at once
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _read_file(path: str, window: range) -> AsyncGenerator[bytes, None]:
    descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        position = window.start
        while position < window.stop:
            wanted = min(_READ_BYTES, window.stop - position)
            chunk: Any = await asyncio.to_thread(os.pread, descriptor, wanted, position)
            if not chunk:
                raise EOFError(f"{path} is shorter than it was")
            position += len(chunk)
            yield chunk
    finally:
        os.close(descriptor)
