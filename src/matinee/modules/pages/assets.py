"""Files of the web build: compressed beforehand, immutable by their hashed names."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from matinee.common.errors import NotFound

_COMPRESSED = (("br", ".br"), ("gzip", ".gz"))
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
_YEAR = "public, max-age=31536000, immutable"


class PagesNotBuilt(NotFound):
    """The web pages are not built; run `make web` or install a release."""

    code = "pages_not_built"


class NoSuchFile(NotFound):
    """There is no such file."""

    code = "no_such_file"


class Page:
    """One HTML file of the build: an ASGI application."""

    def __init__(self, folder: Path, name: str, *, policy: str) -> None:
        self.file = folder / name
        self._headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.file.is_file():
            raise PagesNotBuilt
        await _answer(self.file, self._headers, scope)(scope, receive, send)


class Assets:
    """The files below `assets/`: an ASGI application for `/assets/{name}`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "assets"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path_params"]["name"]
        if not _SAFE_NAME.fullmatch(name) or not (file := self._folder / name).is_file():
            raise NoSuchFile
        await _answer(file, {"Cache-Control": _YEAR}, scope)(scope, receive, send)


def _answer(file: Path, headers: dict[str, str], scope: Scope) -> Response:
    """The smallest form of the file that the client reads."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    kind = _TYPES.get(file.suffix, "application/octet-stream")
    accepted = Request(scope).headers.get("accept-encoding", "")
    for encoding, ending in _COMPRESSED:
        compressed = file.with_name(file.name + ending)
        if encoding in accepted and compressed.is_file():
            return FileResponse(compressed, headers={**headers, "Content-Encoding": encoding}, media_type=kind)
    return FileResponse(file, headers=headers, media_type=kind)
