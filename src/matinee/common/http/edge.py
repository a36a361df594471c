"""The outermost layer of a request: id, log line, security headers, time limit, problems instead of exceptions."""

import re
import time
from collections.abc import Iterable
from random import getrandbits

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.common.clock import system_clock
from matinee.common.errors import DomainError, Malformed, TimedOut
from matinee.common.http.deadline import Deadline
from matinee.common.http.problems import crash_response, problem_response
from matinee.common.http.traffic import TRAFFIC

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

# What RFC 9562 fixes of a UUID of random bits.
_UUID4_ONES = 4 << 76 | 2 << 62
_UUID4_ZEROS = ~(0xF << 76 | 3 << 62)


class Edge:
    """Wraps the application; the only ASGI middleware on the API's path."""

    def __init__(self, app: ASGIApp, *, timeout: float, https: bool, content_security_policy: str) -> None:
        self.app = app
        self.timeout = timeout
        policy = (b"content-security-policy", content_security_policy.encode())
        self.headers = [*_SECURITY_HEADERS, policy] + ([_HSTS] if https else [])
        self.log = structlog.get_logger("access").bind()  # once: unbound, each line would bind it anew

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self, scope, send).run(receive)


class _Exchange:
    """One request and its answer."""

    __slots__ = ("edge", "request_id", "scope", "send", "started", "status")

    def __init__(self, edge: Edge, scope: Scope, send: Send) -> None:
        self.edge = edge
        self.scope = scope
        self.send = send
        self.started = time.perf_counter()
        self.request_id = scope["matinee.request_id"] = _request_id(scope)
        scope["matinee.arrived"] = system_clock()
        self.status = 0  # of the answer, once it began

    async def run(self, receive: Receive) -> None:
        TRAFFIC.in_flight += 1
        try:
            try:
                with Deadline(self.edge.timeout) as deadline:
                    # for an answer that streams for as long as the client listens
                    self.scope["matinee.lift_deadline"] = deadline.lift
                    await self.edge.app(self.scope, receive, self._sending)
            except TimeoutError:
                raise TimedOut(f"The request was given up after {self.edge.timeout:g} seconds.") from None
        except DomainError as error:
            await self._answer(problem_response(error, self.request_id), receive)
        except ClientDisconnect:
            # gone, or it broke the framing of its body and still listens; said to nobody, it does no harm
            broken = Malformed("The body ended before it was complete.")
            await self._answer(problem_response(broken, self.request_id), receive)
        except Exception:  # whatever it is, the client gets a clean 500 and the log the traceback
            self.edge.log.exception("request_failed", request_id=self.request_id, path=self.scope["path"])
            await self._answer(crash_response(self.request_id), receive)
        finally:
            TRAFFIC.in_flight -= 1
            self._record()

    async def _answer(self, response: Response, receive: Receive) -> None:
        if self.status == 0:
            await response(self.scope, receive, self._sending)

    async def _sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._completed(message.get("headers", ()))
        elif self.scope["method"] == "HEAD":
            message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
        await self.send(message)

    def _completed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The answer's headers, and ours where it has none of that name."""
        present = dict(headers)
        ours = [*self.edge.headers, (b"x-request-id", self.request_id.encode())]
        ours += self.scope.get("matinee.headers", ())
        return [*headers, *[header for header in ours if header[0] not in present]]

    def _record(self) -> None:
        seconds = time.perf_counter() - self.started
        operation = self.scope.get("matinee.operation", "page")
        TRAFFIC.count(operation, self.status, seconds)
        self.edge.log.info(
            "request",
            request_id=self.request_id,
            method=self.scope["method"],
            path=self.scope["path"],  # without the query: it may carry a token
            status=self.status,
            operation=operation,
            user_id=self.scope.get("matinee.user_id"),
            key_id=self.scope.get("matinee.key_id"),
            ms=round(seconds * 1000, 2),
        )


def _request_id(scope: Scope) -> str:
    """The client's own X-Request-ID where it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(text):
                return text
    # a UUID, by a tenth of what uuid4() takes: it need not be a secret
    return f"{getrandbits(128) & _UUID4_ZEROS | _UUID4_ONES:032x}"
