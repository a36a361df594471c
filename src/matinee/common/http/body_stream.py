"""A request's body as it comes, for what is too large to be held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect

from matinee.common.errors import Malformed, TimedOut
from matinee.common.http.call import Call

IDLE_SECONDS = 30.0  # without a byte; longer: a client that is gone unheard keeps its place longer


class BodyStream:
    """The body in the server's chunks, to be read once. The request may then take as long as bytes are coming."""

    def __init__(self, call: Call) -> None:
        self._call = call
        declared = call.header(b"content-length") or ""
        self.length = int(declared) if declared.isdecimal() else None
        self._patience = asyncio.timeout(None)  # of who waits for the next chunk
        self.is_interrupted = False

    def interrupt(self) -> None:
        """Whoever reads it gets TimedOut for the next chunk, at once where he waits for it."""
        self.is_interrupted = True
        with suppress(RuntimeError):  # nobody waits
            self._patience.reschedule(0.0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises ClientDisconnect, TimedOut when nothing comes any more, Malformed before the Content-Length."""
        self._call.scope["matinee.lift_deadline"]()
        size, more = 0, True
        while more:
            try:
                if self.is_interrupted:
                    raise TimeoutError  # noqa: TRY301
                async with asyncio.timeout(IDLE_SECONDS) as self._patience:
                    message = await self._call.receive()
            except TimeoutError:
                raise TimedOut(f"No byte came for {IDLE_SECONDS:g} seconds; go on from what is stored.") from None
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size, more = size + len(chunk), message.get("more_body", False)
            if chunk:
                yield chunk
        if self.length is not None and size != self.length:
            raise Malformed("The body ended before its Content-Length.")
