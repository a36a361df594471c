"""Pages of other origins that the settings name: they may call the API and read what it answers, problems too.

Two halves around one policy. Outside the edge, because what the edge answers itself must be readable as well, every
answer gets its permission; inside it, so that they carry its headers and are logged, preflights are answered.
"""

from collections.abc import Sequence
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    "Authorization",
    "Content-Type",
    "Content-Range",
    "Idempotency-Key",
    "X-Request-ID",
    "X-HTTP-Method-Override",
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Offset",
    "Upload-Metadata",
    "Upload-Checksum",
    "Upload-Concat",
)
# Whatever the contract promises in an answer and a browser would keep from the page.
_READ = (
    "X-Request-ID",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Idempotency-Replayed",
    "ETag",
    "WWW-Authenticate",
    "Location",
    "Range",
    "Tus-Resumable",
    "Tus-Version",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Checksum-Algorithm",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Concat",
    "Upload-Expires",
)


class CrossOriginAnswers(CORSMiddleware):
    """Wraps the edge; leaves preflights to `CrossOriginPreflights`."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(app, **_policy(origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_preflight(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class CrossOriginPreflights(CORSMiddleware):
    """Stands inside the edge, before the application; answers preflights and nothing else."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(app, **_policy(origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_preflight(scope):
            scope["matinee.operation"] = "preflight"
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _policy(origins: Sequence[str]) -> dict[str, Any]:
    return {
        "allow_origins": list(origins),
        "allow_credentials": "*" not in origins,
        "allow_methods": _METHODS,
        "allow_headers": _SENT,
        "expose_headers": _READ,
        "max_age": 3600,
    }


def _is_preflight(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    names = {name for name, _ in scope["headers"]}
    return b"origin" in names and b"access-control-request-method" in names
