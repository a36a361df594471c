"""Addresses that carry a playback token: `/t/{token}/…` is the address behind it, asked for by the token's bearer.

In the path, and before all else of it: relative addresses in playlists and manifests hand the token on, and a cache
in front of us takes what follows for its key. Nothing behind this sees it there, the log neither.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/t/"
_OPENED = ("playback/", "api/v1/videos/")
# As whoever makes one writes it: decoders take others for the same, and each would be remembered.
# A fourth part is the seal that the embed page gets (`modules/tokens/seals.py`).
_TOKEN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2,3}")
_LONGEST = 8192  # characters


def is_token(text: str) -> bool:
    """Whether it may be a playback token: it has no characters but those of one."""
    return len(text) <= _LONGEST and _TOKEN.fullmatch(text) is not None


class TokenPrefix:
    """Wraps everything; puts the token on the scope as `matinee.playback_token`, its prefix as `matinee.prefix`.

    What is no token is an empty one, which opens nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            token, _, path = scope["path"].removeprefix(PREFIX).partition("/")
            if not path.startswith(_OPENED):
                scope = {**scope, "path": f"{PREFIX}…/{path}"}  # there is nothing, and no token in the log
            elif is_token(token):
                carried = {"matinee.playback_token": token, "matinee.prefix": f"{PREFIX}{token}"}
                scope = {**scope, "path": f"/{path}", **carried}
            else:
                scope = {**scope, "path": f"/{path}", "matinee.playback_token": ""}
        await self._app(scope, receive, send)
