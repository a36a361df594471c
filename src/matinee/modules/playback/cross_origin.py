"""Players on other sites: everything below /playback may be read from any origin.

Nothing there is granted by cookies, so `*` gives a foreign page no more than its own server could fetch. Answers get
their permission outside everything else, so that errors too can be read: a player must see a 503 and its Retry-After.
Preflights are answered inside the edge, which logs them and adds its headers.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/playback/"

_ANSWERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Length, Content-Range, ETag, Retry-After, X-Request-ID"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),  # players measure the network by it
]
# A narrower permission from inside goes: two of them are as good as none to a browser.
_REPLACED = frozenset(
    {b"access-control-allow-origin", b"access-control-allow-credentials", b"access-control-expose-headers"}
)
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Range, If-None-Match, If-Range, X-Request-ID"),
    (b"access-control-max-age", b"86400"),
]


class CrossOriginPlayback:
    """Wraps the edge; leaves all other paths alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _opened(send))


class PlaybackPreflights:
    """Answers every OPTIONS below /playback; leaves all other requests to the application that it wraps."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS" and scope["path"].startswith(PREFIX):
            scope["matinee.operation"] = "preflight"
            await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send)


def _opened(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            others = [h for h in message.get("headers", ()) if h[0] not in _REPLACED]
            message["headers"] = [*others, *_ANSWERS]
        await send(message)

    return sending
