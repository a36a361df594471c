"""Addresses that carry a playback token: `/t/{token}/…` is the address behind it, asked for by the token's bearer.

In the path, and before all else of it: relative addresses in playlists and manifests hand the token on, and a cache
in front of us takes what follows for its key. Nothing behind this sees it there, the log neither.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/t/"
_OPENED = ("playback/", "api/v1/videos/")


class TokenPrefix:
    """Wraps everything; puts the token on the scope as `matinee.playback_token`, its prefix as `matinee.prefix`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            token, _, path = scope["path"].removeprefix(PREFIX).partition("/")
            if path.startswith(_OPENED):
                carried = {"matinee.playback_token": token, "matinee.prefix": f"{PREFIX}{token}"}
                scope = {**scope, "path": f"/{path}", **carried}
        await self._app(scope, receive, send)
