"""The outermost layer of a request: id, log line, security headers, time limit, problems instead of exceptions."""

import asyncio
import re
import time
from functools import cache
from uuid import uuid4

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.common.clock import system_clock
from matinee.common.errors import DomainError, Malformed, TimedOut
from matinee.common.http.problems import crash_response, problem_response

log = structlog.get_logger("access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

REQUESTS = Counter("matinee_requests_total", "Requests answered.", ["operation", "status"])
IN_FLIGHT = Gauge("matinee_requests_in_flight", "Requests that are not answered yet.")
SECONDS = Histogram("matinee_request_seconds", "Time from request to the end of its answer.", ["operation"])


class Edge:
    """Wraps the application; the only ASGI middleware on the API's path."""

    def __init__(self, app: ASGIApp, *, timeout: float, https: bool, content_security_policy: str) -> None:
        self._app = app
        self._timeout = timeout
        policy = (b"content-security-policy", content_security_policy.encode())
        self._headers = [*_SECURITY_HEADERS, policy] + ([_HSTS] if https else [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(scope, self._headers).run(self._app, receive, send, self._timeout)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
        self.scope = scope
        self.started = time.perf_counter()
        self.request_id = _request_id(scope)
        self.headers = [*headers, (b"x-request-id", self.request_id.encode())]
        self.status = 0  # of the answer, once it began
        self.send: Send
        scope["matinee.request_id"] = self.request_id
        scope["matinee.arrived"] = system_clock()

    async def run(self, app: ASGIApp, receive: Receive, send: Send, timeout: float) -> None:
        self.send = send
        IN_FLIGHT.inc()
        try:
            try:
                async with asyncio.timeout(timeout) as deadline:
                    # for an answer that streams for as long as the client listens
                    self.scope["matinee.lift_deadline"] = lambda: deadline.reschedule(None)
                    await app(self.scope, receive, self._sending)
            except TimeoutError:
                raise TimedOut(f"The request was given up after {timeout:g} seconds.") from None
        except DomainError as error:
            await self._answer(problem_response(error, self.request_id), receive)
        except ClientDisconnect:
            # gone, or it broke the framing of its body and still listens; said to nobody, it does no harm
            broken = Malformed("The body ended before it was complete.")
            await self._answer(problem_response(broken, self.request_id), receive)
        except Exception:  # whatever it is, the client gets a clean 500 and the log the traceback
            log.exception("request_failed", request_id=self.request_id, path=self.scope["path"])
            await self._answer(crash_response(self.request_id), receive)
        finally:
            IN_FLIGHT.dec()
            self._log()

    async def _answer(self, response: Response, receive: Receive) -> None:
        if self.status == 0:
            await response(self.scope, receive, self._sending)

    async def _sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name for name, _ in message.get("headers", ())}
            ours = [*self.headers, *self.scope.get("matinee.headers", ())]
            message["headers"] = [*message.get("headers", ()), *(h for h in ours if h[0] not in present)]
        elif self.scope["method"] == "HEAD":
            message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
        await self.send(message)

    def _log(self) -> None:
        seconds = time.perf_counter() - self.started
        operation = self.scope.get("matinee.operation", "page")
        _requests(operation, self.status).inc()
        _seconds(operation).observe(seconds)
        log.info(
            "request",
            request_id=self.request_id,
            method=self.scope["method"],
            path=self.scope["path"],  # without the query: it may carry a token
            status=self.status,
            operation=operation,
            user_id=self.scope.get("matinee.user_id"),
            ms=round(seconds * 1000, 2),
        )


@cache
def _requests(operation: str, status: int) -> Counter:
    return REQUESTS.labels(operation, status)


@cache
def _seconds(operation: str) -> Histogram:
    return SECONDS.labels(operation)


def _request_id(scope: Scope) -> str:
    """The client's own X-Request-ID where it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(text):
                return text
    return uuid4().hex
