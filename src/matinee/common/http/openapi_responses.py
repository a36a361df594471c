"""What an operation may answer, for the OpenAPI document: its statuses, bodies and headers."""

from collections import defaultdict
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from matinee.common.errors import DomainError
from matinee.common.http.answers import Answer
from matinee.common.http.authentication import InsufficientScope
from matinee.common.http.contract import Operation
from matinee.common.http.openapi_schemas import is_struct, reference
from matinee.common.http.problems import CONTENT_TYPE, Problem, status_of


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


HEADERS = {
    "X-Request-ID": {
        **_header("Names this exchange in the logs; quote it when you ask for help."),
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,128}$"},
    },
    "RateLimit-Limit": _header("Requests allowed in a window.", "integer"),
    "RateLimit-Remaining": _header("Requests left in this window.", "integer"),
    "RateLimit-Reset": _header("Seconds until the window ends.", "integer"),
    "Retry-After": {**_header("Seconds to wait before trying again.", "integer"), "required": True},
    "WWW-Authenticate": {**_header("`Bearer`, and of an API key what is wrong with it."), "required": True},
    "Idempotency-Replayed": _header("`true` where the answer is that of an earlier request with the same key."),
    "Set-Cookie": _header("The refresh token as an `HttpOnly` cookie, or its removal."),
    "ETag": {**_header("Names this version of the content."), "required": True},
    "Cache-Control": {**_header("Who may keep the answer, and for how long."), "required": True},
    "Accept-Ranges": {**_header("Always `bytes`."), "required": True},
    "Content-Range": {**_header("Which bytes these are, and of how many."), "required": True},
    "Range": _header("The bytes that are stored, such as `bytes=0-499`; absent where none is."),
    "X-Media-Mark": {
        **_header("What the addresses of its segments are marked with now; `clear` where it is not encrypted."),
        "required": True,
    },
    "Tus-Resumable": {**_header("Always `1.0.0`."), "required": True},
    "Tus-Version": {**_header("Always `1.0.0`."), "required": True},
    "Tus-Extension": {**_header("What the server knows beyond the core protocol."), "required": True},
    "Tus-Max-Size": {**_header("Bytes of the largest file.", "integer"), "required": True},
    "Tus-Checksum-Algorithm": {**_header("What `Upload-Checksum` may be made with."), "required": True},
    "Upload-Offset": _header("Bytes that are stored. Absent while partial uploads are being joined.", "integer"),
    "Upload-Length": {**_header("Bytes of the whole file.", "integer"), "required": True},
    "Upload-Metadata": _header("As it was sent."),
    "Upload-Concat": _header("`partial`, or `final;` and the partial uploads; absent for any other upload."),
    "Upload-Expires": _header("When the upload is dropped unless something is done with it."),
    "Location": {**_header("Where it is to be had."), "required": True},
}
_BINARY = ("application/mp4", "application/octet-stream")
_RATE_LIMIT = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_OF_ERRORS = {
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def describe_responses(op: Operation) -> dict[str, Any]:
    """The operation's `responses`, by status."""
    common = _RATE_LIMIT if op.limit is not None else ()
    status, success = _success(op, common)
    responses = {status: success}
    for answer in op.also:
        responses[answer.status] = _answer(op, answer)
    by_status: dict[int, list[type[DomainError]]] = defaultdict(list)
    for error in op.errors:
        if error not in by_status[status_of(error)]:
            by_status[status_of(error)].append(error)
    for status, kinds in by_status.items():
        headers = _refer((*_OF_ERRORS.get(status, ()), *common))
        if InsufficientScope in kinds:  # the other refusals of that status are without it
            headers["WWW-Authenticate"] = _header("Which scope an API key would need.")
        responses[status] = {**_problem(kinds), "headers": headers}
    return {str(status): response for status, response in sorted(responses.items())}


def _success(op: Operation, common: tuple[str, ...]) -> tuple[int, dict[str, Any]]:
    headers = [*common]
    if op.idempotent:
        headers.append("Idempotency-Replayed")
    if op.sets_cookie:
        headers.append("Set-Cookie")
    headers += op.tells
    if any(answer.status in (206, 304) for answer in op.also):  # what can be unchanged or partial has a version
        headers += ["ETag", "Cache-Control"]
    if op.returns in (None, type(None)):
        return 204, {"description": "Done; no content.", "headers": _refer(headers)}
    phrase = HTTPStatus(op.status).phrase
    return op.status, {"description": phrase, "headers": _refer(headers), "content": _content(op)}


def _answer(op: Operation, answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = {"description": answer.description, "headers": _refer(answer.headers)}
    if answer.has_body:
        document["content"] = _content(op)
    return document


def _content(op: Operation) -> dict[str, Any]:
    if op.emits is not None:
        return {kind: {"schema": _event(op.emits)} for kind in op.produces}
    if is_struct(op.returns):
        return {kind: {"schema": reference(op.returns)} for kind in op.produces}
    # no schema for bytes: JSON Schema has no word for them
    return {kind: {} if _is_binary(kind) else {"schema": {"type": "string"}} for kind in op.produces}


def _event(emitted: type) -> dict[str, Any]:
    """One server-sent event; OpenAPI 3.1 has no word for a stream of them."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": reference(emitted)}
    return {
        "type": "object",
        "description": "Each event of the stream.",
        "properties": {"event": {"type": "string", "description": "What happened."}, "data": data},
        "required": ["event", "data"],
    }


def _is_binary(media_type: str) -> bool:
    return media_type.partition("/")[0] in ("video", "audio", "image") or media_type in _BINARY


def _refer(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-ID", *names)}


def _problem(kinds: list[type[DomainError]]) -> dict[str, Any]:
    examples = {kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds}
    content = {CONTENT_TYPE: {"schema": reference(Problem), "examples": examples}}
    return {"description": " · ".join(f"`{k.code}`: {k.title()}" for k in kinds), "content": content}


def problem_examples(operations: Iterable[Operation]) -> dict[str, Any]:
    """An example of every problem, by its code."""
    kinds = {error.code: error for op in operations for error in op.errors}
    return {code: _example(kind) for code, kind in sorted(kinds.items())}


def _example(kind: type[DomainError]) -> dict[str, Any]:
    value = {
        "type": f"/documentation/problems#{kind.code}",
        "title": kind.title(),
        "status": status_of(kind),
        "code": kind.code,
        "detail": kind.title(),
        "request_id": "0f8fad5bd9cb469fa16570867728950e",
        "errors": [],
    }
    return {"summary": kind.title(), "value": value}
