"""Asks servers for files, and lets nobody lead it astray.

- A name is resolved once for each connection, and a socket is made only to an address that `Reach` admits: no second
  look-up could say otherwise. Host, SNI and certificate go by the name.
- Redirects are followed here, one by one, each by a connection of its own under the same rules.
- No proxy, cookie, or password comes from the environment; nothing is decompressed.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from matinee.modules.imports.errors import (
    ADDRESS_REFUSED,
    BAD_CERTIFICATE,
    REDIRECTED_ON,
    BrokenOffError,
    ImportFailedError,
)
from matinee.modules.imports.reach import Reach
from matinee.modules.imports.rules import MOST_REDIRECTS, REDIRECTS, Answer, Wanted, follow, read_answer

_HEADERS = {"User-Agent": "Matinee", "Accept": "*/*", "Accept-Encoding": "identity"}


class Fetcher:
    """Files by their addresses. `silence`: seconds until a server that says nothing counts as gone.

    `resolver` is the system's unless it is given.
    """

    def __init__(self, reach: Reach, *, silence: float, resolver: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._silence = silence
        self._resolver = resolver

    @asynccontextmanager
    async def open(self, url: URL, wanted: Wanted) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """What the server says of the file, and its bytes, for the length of the block.

        Raises ImportFailedError, BrokenOffError and FileChangedError, the bytes' iterator the former two.
        """
        headers = dict(_HEADERS)
        if wanted.offset:
            assert wanted.validator is not None, "else it may be the rest of another file"
            headers |= {"Range": f"bytes={wanted.offset}-", "If-Range": wanted.validator}
        for _ in range(MOST_REDIRECTS + 1):
            async with self._asked(url, headers) as response:
                if response.status in REDIRECTS:
                    url = follow(url, response.headers.get("Location"))
                    continue
                yield read_answer(response.status, response.headers, wanted), _body(response)
                return
        raise ImportFailedError(REDIRECTED_ON)

    @asynccontextmanager
    async def _asked(self, url: URL, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._session(url.raw_host or "") as session:
            with _translated():
                async with asyncio.timeout(self._silence):  # also for one that says its head letter by letter
                    response = await session.get(url, headers=headers, allow_redirects=False)
            try:
                yield response
            finally:
                response.close()

    def _session(self, host: str) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
        def socket_to(info: aiohttp.AddrInfoType) -> socket.socket:
            family, kind, protocol, _, (address, port, *_rest) = info
            if not self._reach.admits(host, str(address), int(port)):
                raise ImportFailedError(ADDRESS_REFUSED)
            return socket.socket(family, kind, protocol)

        connector = aiohttp.TCPConnector(
            resolver=self._resolver or aiohttp.ThreadedResolver(),
            use_dns_cache=False,
            happy_eyeballs_delay=None,  # one address after the other: the first that is refused ends it
            socket_factory=socket_to,
            force_close=True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_read=self._silence),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


async def _body(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    with _translated():
        async for chunk in response.content.iter_any():
            yield chunk


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors → ours."""
    try:
        yield
    except TimeoutError:
        raise BrokenOffError("The server was silent for too long.") from None
    except aiohttp.ClientConnectorCertificateError:
        raise ImportFailedError(BAD_CERTIFICATE) from None
    except aiohttp.ClientConnectorDNSError:
        raise BrokenOffError("The server's name is not known.") from None
    except aiohttp.ClientConnectorError:
        raise BrokenOffError("The server cannot be reached.") from None
    except (aiohttp.InvalidURL, UnicodeError):  # a name, or a way to write an IP address, that is none
        raise ImportFailedError(ADDRESS_REFUSED) from None
    except (aiohttp.ClientError, OSError):
        raise BrokenOffError("The connection to the server broke off.") from None
