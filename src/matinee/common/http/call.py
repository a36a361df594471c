"""One request as a handler sees it."""

import ipaddress
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from urllib.parse import unquote_plus, urlsplit

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from matinee.common.acting import Actor
from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.errors import DomainError, Malformed, TooLarge, Unauthenticated
from matinee.common.http.authentication import AccessTokens, Caller, KeyScope, KeyVerifier, Standing
from matinee.common.http.idempotency import IdempotentRequest, StoredAnswer, find_answer
from matinee.common.http.viewer import Bearer, Grant, Grants, Viewer
from matinee.common.keys.ring import Keys

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Witness(Protocol):
    """Sees each write that an administrator has done, in the transaction that does it."""

    async def __call__(
        self, db: Connection, caller: Caller, operation: str, scope: KeyScope | None, path: Mapping[str, str]
    ) -> None:
        """`scope`: what an API key would have needed for the operation; `path`: the values in its path."""


class Runtime:
    """What every operation needs of the process it runs in."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        tokens: AccessTokens,
        api_keys: KeyVerifier,
        grants: Grants,
        standing: Standing,
        keys: Keys,
        witness: Witness,
    ) -> None:
        self.settings = settings
        self.database = database
        self.tokens = tokens
        self.api_keys = api_keys
        self.grants = grants
        self.standing = standing
        self.witness = witness
        self.fingerprints = keys.digests(b"matinee fingerprints")
        self.trusted_proxies: list[Network] = [ipaddress.ip_network(n) for n in settings.trusted_proxies]


class AnsweredBefore(DomainError):
    """Not an error: this request was answered before, and that answer is sent again."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


class Call:
    """A request, who sent it, and the one transaction that it may open."""

    __slots__ = ("_transaction", "caller", "db", "grant", "headers", "idempotent", "receive", "runtime", "scope")

    def __init__(self, runtime: Runtime, scope: Scope, receive: Receive) -> None:
        self.runtime = runtime
        self.scope = scope
        self.receive = receive
        self.caller: Caller | None = None
        self.grant: Grant | None = None
        self.headers: list[tuple[bytes, bytes]] = []  # of the answer
        self.db: Connection | None = None
        self.idempotent: IdempotentRequest | None = None
        self._transaction: AbstractAsyncContextManager[Connection] | None = None

    @property
    def arrived(self) -> float:
        """When the request reached this process, in seconds since the epoch."""
        return float(self.scope["matinee.arrived"])

    @property
    def user(self) -> Caller:
        """The signed-in caller; raises Unauthenticated where there is none."""
        if self.caller is None:
            raise Unauthenticated
        return self.caller

    @property
    def viewer(self) -> Viewer:
        """Whoever asks, where it matters who may see a video."""
        return Viewer(self.caller, self.grant, self.scope.get("matinee.prefix", ""))

    @property
    def bearer(self) -> Bearer:
        """The same, as far as playback tokens have rules about it."""
        named, peer = self.runtime.settings.country_header, (self.scope.get("client") or ("unknown",))[0]
        country = self.header(named.lower().encode()) if named and self._is_trusted(peer) else None
        return Bearer(self.address, _host(self.header(b"origin") or self.header(b"referer")), country)

    async def begin(self) -> Connection:
        """The request's transaction, opened now; it is committed before the answer is sent.

        A handler that first does slow work (hashing, S3) calls this after it, so that no connection waits meanwhile.
        """
        if self.db is None:
            transaction = self.runtime.database.transaction()
            self.db = await transaction.__aenter__()
            self._transaction = transaction
            if self.idempotent is not None and (answer := await find_answer(self.db, self.idempotent)) is not None:
                raise AnsweredBefore(answer)
        return self.db

    async def end(self, failure: BaseException | None = None) -> None:
        """Commits what was begun, if anything was; with a failure, rolls it back. Raises where the commit fails."""
        transaction, self._transaction, self.db = self._transaction, None, None
        if transaction is not None:
            kind = None if failure is None else type(failure)
            await transaction.__aexit__(kind, failure, None if failure is None else failure.__traceback__)

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for reads alone, returned at the end of the block."""
        return self.runtime.database.connection()

    def header(self, name: bytes) -> str | None:
        """A request header by its lower-case name."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value, "latin-1")
        return None

    def cookie(self, name: str) -> str | None:
        """A request cookie."""
        # by hand: SimpleCookie gives up at the first cookie that it finds odd, and others on this host may set any
        pairs = (pair.partition("=") for pair in (self.header(b"cookie") or "").split(";"))
        return next((value.strip() for key, _, value in pairs if key.strip() == name), None)

    def query(self) -> dict[str, Any]:
        """The query parameters; of a repeated one the last counts."""
        text = str(self.scope["query_string"], "latin-1")
        # as parse_qsl does, in a third of its time
        pairs = (pair.partition("=") for pair in text.split("&") if pair)
        return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}

    @property
    def address(self) -> str:
        """The client's address: the last hop in X-Forwarded-For that is not a trusted proxy of ours."""
        peer = (self.scope.get("client") or ("unknown",))[0]
        # a proxy may append a line of its own: the client's own comes first, and all of them are one list
        lines = [value.decode("latin-1") for key, value in self.scope["headers"] if key == b"x-forwarded-for"]
        hops = [hop.strip() for hop in ",".join(lines).split(",") if hop.strip()]
        while hops and self._is_trusted(peer):
            peer = _without_port(hops.pop())
        return str(peer)

    @property
    def ip(self) -> str | None:
        """The client's address, where it is one; of IPv4 as that, also where it came as IPv6."""
        try:
            ip = ipaddress.ip_address(self.address.partition("%")[0])
        except ValueError:
            return None
        return str(getattr(ip, "ipv4_mapped", None) or ip)

    def actor(self) -> Actor:
        """Who is at work, for what is recorded."""
        caller = self.caller
        if caller is None:
            return Actor("anyone", ip=self.ip)
        key_id = caller.key.id if caller.key else None
        return Actor("api_key" if key_id else "account", caller.user_id, key_id, self.ip)

    @property
    def subscriber(self) -> str:
        """What rate limits count by: the client's address, or the /64 that an IPv6 client has to itself."""
        return subscriber_of(self.address)

    def _is_trusted(self, address: str) -> bool:
        if not self.runtime.trusted_proxies:
            return False
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        plain = getattr(ip, "ipv4_mapped", None) or ip  # a socket for both kinds tells IPv4 as IPv6
        return any(ip in network or plain in network for network in self.runtime.trusted_proxies)

    async def body(self, limit: int | None = None) -> bytes:
        """The whole body. Raises TooLarge past the limit, Malformed where it ends before its Content-Length."""
        limit = self.runtime.settings.max_body_bytes if limit is None else limit
        declared = self.header(b"content-length")
        if declared is not None and declared.isdecimal() and int(declared) > limit:
            raise TooLarge(f"The body may hold {limit} bytes at most.")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The body may hold {limit} bytes at most.")
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        # a client that vanished can look like one that finished
        if declared is not None and declared.isdecimal() and size != int(declared):
            raise Malformed("The body ended before its Content-Length.")
        return b"".join(chunks)


def _without_port(hop: str) -> str:
    """Some proxies tell the port of each connection, too: `192.0.2.1:50000`, `[2001:db8::1]:50000`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _host(page: str | None) -> str | None:
    try:
        return urlsplit(page).hostname if page else None
    except ValueError:  # as of `http://[`
        return None


def subscriber_of(address: str, bits: int = 64) -> str:
    """An IPv4 address, an IPv6 network of so many bits, or the text itself where it is neither."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])  # of fe80::1%eth0 the zone is ours, not the client's
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, bits), strict=False))
