"""The embed page, which other sites show in a frame."""

import asyncio
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from matinee.common.http.call import Call, Runtime
from matinee.common.http.token_prefix import is_token
from matinee.common.http.viewer import PlaybackTokenExpired, PlaybackTokenRefused
from matinee.modules.pages.assets import Page
from matinee.modules.pages.policy import page_policy
from matinee.modules.tokens.verification import PlaybackTokens, SealedToken


class EmbedPage:
    """ASGI application: the page as it was built, or with a sealed token for its player.

    Where the token in its address may not be shown on the page that embeds it, the player is refused as well.
    """

    def __init__(self, folder: Path, runtime: Runtime, tokens: PlaybackTokens) -> None:
        self._runtime = runtime
        self._tokens = tokens
        self._page = Page(folder, "embed.html", policy=page_policy(runtime.settings, framed_by="*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(self._runtime, scope, receive)
        sealed = await self._sealed(call)
        if sealed is None or not self._page.file.is_file():
            await self._page(scope, receive, send)
            return
        html = await asyncio.to_thread(self._page.file.read_text)
        # nothing in it needs to be escaped: it is a token
        html = html.replace("</head>", f'<meta name="playback-token" content="{sealed.token}"></head>', 1)
        ancestors = " ".join(f"{host}:*" for host in sealed.pages)
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": page_policy(self._runtime.settings, framed_by=ancestors),
        }
        await HTMLResponse(html, headers=headers)(scope, receive, send)

    async def _sealed(self, call: Call) -> SealedToken | None:
        token = call.query().get("token", "")
        if not is_token(token):
            return None
        try:
            return await self._tokens.seal(token, call.bearer)
        except (PlaybackTokenRefused, PlaybackTokenExpired):
            return None
