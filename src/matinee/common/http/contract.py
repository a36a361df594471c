"""Typed operations: a method with an `@operation` is a route, its validation, and its place in the OpenAPI contract.

    class VideoRoutes:
        @operation("GET", "/api/v1/videos/{video_id}", access=Access.OPTIONAL, errors=(VideoNotFound,))
        async def get_video(self, call: Call, db: Connection, video_id: UUID) -> Video:
            \"\"\"One video.\"\"\"

Parameters are bound by name: `call` (the request), `db` (for GET an autocommit connection, else the request's
transaction), `body` (a Struct, or `bytes` of a media type that the operation `consumes`), `query` (a Struct), and the
path's own. `body: BodyStream` is read by the handler as it comes. A returned Struct is sent as JSON, None as 204, a
Starlette Response as it is. Everything is worked out once, when the routes are mounted.
"""

import enum
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, get_args, get_type_hints

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from matinee.common import errors
from matinee.common.acting import act_as
from matinee.common.errors import DomainError
from matinee.common.http.answers import Answer, Parameter
from matinee.common.http.authentication import (
    KEY_MARK,
    ApiKeyNotExchanged,
    EmailNotVerified,
    InsufficientScope,
    InvalidApiKey,
    InvalidToken,
    KeyScope,
    NotForApiKeys,
    SecondFactorMissing,
)
from matinee.common.http.body_stream import BodyStream
from matinee.common.http.call import AnsweredBefore, Call, Runtime
from matinee.common.http.idempotency import identify, store_answer
from matinee.common.http.rate_limits import RateLimit, count_hit, take_back
from matinee.common.http.viewer import PlaybackTokenExpired, PlaybackTokenRefused
from matinee.common.validation import Fault, InvalidInput, convert

Handler = Callable[..., Awaitable[Any]]
_INJECTED = frozenset({"self", "call", "db", "body", "query", "return"})


class Access(enum.Enum):
    """Who may call an operation."""

    PUBLIC = "anyone"
    OPTIONAL = "anyone; a signed-in caller may see more"
    EITHER = "anyone; a signed-in user, by no API key, has less to prove"
    USER = "a signed-in user"
    PERSON = "a signed-in user, by no API key"
    ADMIN = "an administrator, by no API key"


_BY_API_KEY = (Access.OPTIONAL, Access.USER)
SIGNED_IN_OR_NOT = (Access.OPTIONAL, Access.EITHER)
# What somebody does about his own account, who may not have verified its address.
_OWN = ("/api/v1/auth/", "/api/v1/user/", "/api/v1/api-keys")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an operation before it is mounted; read by `openapi.py` too."""

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    tag: str
    access: Access
    scope: KeyScope | None
    status: int
    errors: tuple[type[DomainError], ...]
    limit: RateLimit | None
    idempotent: bool
    writes_once: bool
    produces: tuple[str, ...]
    consumes: tuple[str, ...]
    largest_body: int | None
    accepts: tuple[Parameter, ...]
    tells: tuple[str, ...]
    also: tuple[Answer, ...]
    sets_cookie: bool
    emits: type[msgspec.Struct] | None
    path_types: dict[str, Any]
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | type[bytes] | type[BodyStream] | None
    or_bytes: bool
    returns: Any
    wants_call: bool
    wants_db: bool

    @property
    def needs_verified(self) -> bool:
        """Whether it writes more than what is of one's own account, and waits until its address is verified."""
        return _needs_verified(self.method, self.access, self.path)


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    access: Access = Access.USER,
    scope: KeyScope | None = None,
    status: int = 200,
    errors: Sequence[type[DomainError]] = (),
    limit: RateLimit | None = None,
    idempotent: bool = False,
    writes_once: bool = False,
    produces: str | tuple[str, ...] = "application/json",
    consumes: tuple[str, ...] = ("application/json",),
    largest_body: int | None = None,
    accepts: Sequence[Parameter] = (),
    tells: Sequence[str] = (),
    also: Sequence[Answer] = (),
    sets_cookie: bool = False,
    emits: type[msgspec.Struct] | None = None,
) -> Callable[[Handler], Handler]:
    """Declares a method to be an operation; its name is the operation id, its docstring the documentation.

    `scope` is what an API key needs for it, where one may do it at all (`Access.OPTIONAL` and `USER`).
    `writes_once` promises that its handler changes the database by one statement, which is a transaction by itself:
    none is put around it, unless the answer must be stored with it for an Idempotency-Key.
    `consumes` are the media types of a body of bytes (the last is assumed where the client names none), and
    `largest_body` is its limit where it is not the usual one. `accepts` lists headers and cookies that the handler
    reads, `tells` the headers that it answers with, by names of `openapi.HEADERS`, `also` what it answers
    beside `status` and errors; `emits` is the data of the server-sent events that it streams.
    """

    def declare(handler: Handler) -> Handler:
        hints = get_type_hints(handler, include_extras=True)
        summary, _, rest = inspect.cleandoc(handler.__doc__ or "").partition("\n")
        body, or_bytes = _body_of(hints.get("body"))
        if (scope is not None) is not (access in _BY_API_KEY):
            raise TypeError(
                f"{handler.__qualname__}: decide which `scope` an API key needs for it; where no key may do it, "
                "say Access.PERSON, and no scope."
            )
        handler.__operation__ = Operation(  # type: ignore[attr-defined]  # where the mounting finds it
            method=method,
            path=path,
            operation_id=handler.__name__,
            summary=summary.rstrip("."),
            description=rest.strip(),
            tag=tag,
            access=access,
            scope=scope,
            status=status,
            errors=(
                *errors,
                *_implied_errors(access, scope, limit, idempotent, "body" in hints),
                *([EmailNotVerified] if _needs_verified(method, access, path) else []),
            ),
            limit=limit,
            idempotent=idempotent,
            writes_once=writes_once,
            produces=(produces,) if isinstance(produces, str) else produces,
            consumes=consumes,
            largest_body=largest_body,
            accepts=tuple(accepts),
            tells=tuple(tells),
            also=tuple(also),
            sets_cookie=sets_cookie,
            emits=emits,
            path_types={name: hint for name, hint in hints.items() if name not in _INJECTED},
            query=hints.get("query"),
            body=body,
            or_bytes=or_bytes,
            returns=_documented(hints.get("return")),
            wants_call="call" in hints,
            wants_db="db" in hints,
        )
        return handler

    return declare


def declared_operations(routes: type) -> list[Operation]:
    """The operations of a routes class, in the order of their declaration."""
    return [f.__operation__ for f in vars(routes).values() if hasattr(f, "__operation__")]


def _needs_verified(method: str, access: Access, path: str) -> bool:
    return method in ("POST", "PUT", "PATCH") and access in (Access.USER, Access.PERSON) and not path.startswith(_OWN)


def _body_of(hint: Any) -> tuple[Any, bool]:
    """The body's type, and whether bytes of another media type may come in its place (`Struct | bytes`)."""
    options = get_args(hint)
    return (next(o for o in options if o is not bytes), True) if bytes in options else (hint, False)


def _documented(hint: Any) -> Any:
    """What an answer is documented as: `Annotated[Response, Struct]` is a Struct that was encoded already."""
    options = get_args(hint)
    return options[1] if options and options[0] is Response else hint


def _implied_errors(
    access: Access, scope: KeyScope | None, limit: RateLimit | None, idempotent: bool, has_body: bool
) -> list[type[DomainError]]:
    from matinee.common.http.idempotency import InvalidKey, KeyReused, RequestInFlight

    implied: list[type[DomainError]] = [errors.Invalid, errors.Unavailable, errors.TimedOut]
    if access is not Access.PUBLIC:
        implied += [errors.Unauthenticated, InvalidApiKey, ApiKeyNotExchanged]
        implied.append(InsufficientScope if scope else NotForApiKeys)
    if access is Access.OPTIONAL:
        implied += [PlaybackTokenRefused, PlaybackTokenExpired]
    if access is Access.ADMIN:
        implied += [errors.Forbidden, SecondFactorMissing]
    if limit is not None or access in _BY_API_KEY:  # of keys that do not work, an address may bring some
        implied.append(errors.RateLimited)
    if has_body:
        implied += [errors.Malformed, errors.TooLarge, errors.UnsupportedMediaType]
    if idempotent:
        implied += [RequestInFlight, KeyReused, InvalidKey]
    return implied


class Endpoint:
    """An operation, bound to its handler and to the process: an ASGI application."""

    def __init__(self, operation: Operation, handler: Handler, runtime: Runtime) -> None:
        self.operation = operation
        self._handler = handler
        self._runtime = runtime
        # one Struct, because msgspec works out what it must check of any other type anew at each call
        self._path = msgspec.defstruct("Path", operation.path_types.items())
        self._decoder = msgspec.json.Decoder(Any if operation.body is BodyStream else operation.body)
        self._encode = msgspec.json.Encoder().encode
        self._wants_verified = operation.needs_verified and runtime.settings.email_verification == "required"
        self._limit = operation.limit if runtime.settings.rate_limits else None
        self._of_refusals = None if self._limit is None else self._limit.of_refusals
        self._is_read = operation.method == "GET"
        self._content_type = operation.produces[0].encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["matinee.operation"] = self.operation.operation_id
        call = Call(self._runtime, scope, receive)
        try:
            response = await self._answer(call)
        except BaseException as error:
            await call.end(error)
            raise
        await call.end()
        if self._of_refusals is not None:
            await take_back(self._runtime.database, self._of_refusals, _counted_by(call, self._of_refusals))
        # the transaction is committed: only now may the client hear of it
        if isinstance(response, Response):
            response.raw_headers.extend(call.headers)
            await response(scope, receive, send)
        else:
            await self._send(send, *response, call.headers)

    async def _answer(self, call: Call) -> Response | tuple[int, bytes]:
        """A Response of the handler's own, or status and body."""
        try:
            result = await self._run(call)
        except AnsweredBefore as before:
            call.headers.append((b"idempotency-replayed", b"true"))
            return before.answer.status, before.answer.body
        if call.db is not None and call.caller is not None and call.caller.role == "ADMIN":
            operation = self.operation
            await self._runtime.witness(
                call.db, call.caller, operation.operation_id, operation.scope, call.scope["path_params"]
            )
        if isinstance(result, Response):
            return result
        status = 204 if result is None else self.operation.status
        body = b"" if result is None else self._encode(result)
        if call.idempotent is not None:
            await store_answer(await call.begin(), call.idempotent, status, body)
        return status, body

    async def _run(self, call: Call) -> Any:
        operation = self.operation
        act_as(call.actor)
        if operation.access is not Access.PUBLIC:
            await self._authenticate(call)
            self._ensure_may(call)
        token = call.scope.get("matinee.playback_token")
        if token is not None and operation.access is Access.OPTIONAL:
            call.grant = await self._runtime.grants.open(token, call.bearer)
        if self._limit is not None:
            await self._count(call, self._limit)
        arguments: dict[str, Any] = {}
        if operation.path_types:
            arguments = msgspec.structs.asdict(_converted(call.scope["path_params"], self._path, "path."))
        if operation.query is not None:
            arguments["query"] = _converted(call.query(), operation.query, "query.")
        if operation.body is not None:
            arguments["body"] = await self._body(call)
        if operation.wants_call:
            arguments["call"] = call
        if not operation.wants_db:
            return await self._handler(**arguments)
        if not self._is_read and not (operation.writes_once and call.idempotent is None):
            return await self._handler(db=await call.begin(), **arguments)
        async with self._runtime.database.connection() as db:
            return await self._handler(db=db, **arguments)

    async def _authenticate(self, call: Call) -> None:
        authorization = call.header(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise errors.Unauthenticated("Send the access token or API key as `Authorization: Bearer <token>`.")
            token = token.strip()
            is_key = token.startswith(KEY_MARK)
            if is_key and self._runtime.settings.api_keys == "exchange":
                raise ApiKeyNotExchanged
            if is_key:
                call.caller = await self._runtime.api_keys.verify(token, call.subscriber)
            else:
                call.caller = self._runtime.tokens.verify(token)
            if not await self._runtime.standing.has_access(call.caller):
                raise InvalidApiKey if is_key else InvalidToken
            call.scope["matinee.user_id"] = call.caller.user_id
            if call.caller.key is not None:
                call.scope["matinee.key_id"] = call.caller.key.id
                if self.operation.scope is None:
                    raise NotForApiKeys
                call.caller.require(self.operation.scope)
        elif self.operation.access not in SIGNED_IN_OR_NOT:
            raise errors.Unauthenticated

    def _ensure_may(self, call: Call) -> None:
        if self._wants_verified and not call.user.is_verified:
            raise EmailNotVerified
        if self.operation.access is Access.ADMIN and call.user.role != "ADMIN":
            if call.user.lacks_second_factor:
                raise SecondFactorMissing
            raise errors.Forbidden("Only an administrator may do this.")

    async def _count(self, call: Call, limit: RateLimit) -> None:
        headers = await count_hit(self._runtime.database, limit, _counted_by(call, limit))
        if self._of_refusals is not None:  # before it is judged: of many at once only so many are let through
            await count_hit(self._runtime.database, self._of_refusals, _counted_by(call, limit))
        # on the scope, so that a refusal tells them too: the edge adds them to whatever is answered
        call.scope["matinee.headers"] = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def _body(self, call: Call) -> Any:
        consumes = self.operation.consumes
        content_type = (call.header(b"content-type") or consumes[-1]).partition(";")[0].strip().lower()
        if content_type not in consumes and "*/*" not in consumes:
            raise errors.UnsupportedMediaType(f"Send the body as {' or '.join(consumes)}.")
        if self.operation.body is BodyStream:
            return BodyStream(call)
        raw = await call.body(self.operation.largest_body)
        if self.operation.idempotent and (key := call.header(b"idempotency-key")) is not None:
            who = call.caller.user_id if call.caller else call.address
            request = b"\0".join((call.scope["path"].encode(), call.scope["query_string"], raw))
            call.idempotent = identify(
                key, f"{self.operation.operation_id}:{who}", request, self._runtime.fingerprints
            )
        if self.operation.body is bytes or (self.operation.or_bytes and content_type != "application/json"):
            return raw
        try:
            try:
                return self._decoder.decode(raw or b"{}")
            except msgspec.ValidationError:  # the first fault of the types: what follows may not even be JSON
                return self._faulty(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise errors.Malformed(f"The body is not valid JSON: {error}.") from None

    def _faulty(self, raw: bytes) -> Any:
        """Decodes again without types, to name every fault and not only the first; raises Invalid if there is one."""
        try:
            # The typed decoder stopped at the first bracket, these follow all of them: the decoder of Python 3.12 and
            # later deeper than we can.
            untyped = _whole_numbers(msgspec.json.decode(raw))
        except RecursionError:
            raise errors.Malformed("The body is nested too deeply.") from None
        return _converted(untyped, self.operation.body, "")

    async def _send(self, send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]]) -> None:
        headers = [(b"cache-control", b"no-store"), *extra]
        if status != 204:
            headers += [(b"content-type", self._content_type), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _counted_by(call: Call, limit: RateLimit) -> str:
    if limit.by == "address":
        return call.subscriber
    return str(call.user.user_id if limit.by == "user" else call.user.session_id)


def _whole_numbers(raw: Any) -> Any:
    """JSON knows one kind of number: 1.0 is an integer to JSON Schema, and to programs that write all as floats."""
    if isinstance(raw, dict):
        return {key: _whole_numbers(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_whole_numbers(value) for value in raw]
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _converted(raw: object, into: Any, prefix: str) -> Any:
    try:
        return convert(raw, into, strict=prefix == "")  # paths and queries hold text only
    except InvalidInput as error:
        faults = [Fault(f"{prefix}{fault.path}", fault.message) for fault in error.faults]
        raise errors.Invalid("; ".join(f"{f.path}: {f.message}" for f in faults), faults=faults) from None
