"""Domain errors → RFC 9457 problem details. The one place that knows which error is which HTTP status."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from matinee.common import errors
from matinee.common.errors import DomainError
from matinee.common.pending_sign_in import PendingSignIn
from matinee.common.validation import Fault

CONTENT_TYPE = "application/problem+json"

STATUS_OF: dict[type[DomainError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.RangeNotSatisfiable: 416,
    errors.Invalid: 422,
    errors.RateLimited: 429,
    errors.ChecksumMismatch: 460,  # as tus has it
    errors.Unavailable: 503,
    errors.TimedOut: 504,
}


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong, for programs (`code`) and for people (`detail`): RFC 9457."""

    type: Annotated[str, Meta(description="A URI reference that names the kind of problem.")]
    title: Annotated[str, Meta(description="The kind of problem in a sentence, the same each time.")]
    status: Annotated[int, Meta(description="The HTTP status code.", ge=400, le=599)]
    code: Annotated[str, Meta(description="Stable; programs decide by it.", pattern="^[a-z0-9_]+$")]
    detail: Annotated[str, Meta(description="What happened this time and what to do instead, for people.")]
    request_id: Annotated[str, Meta(description="Quote it when you ask for help.")]
    errors: Annotated[list[Fault], Meta(description="Each field that is wrong.")] = []
    existing: Annotated[str, Meta(description="The id of what is there already, where that is why.")] | UnsetType = (
        UNSET
    )
    second_factor: (
        Annotated[PendingSignIn, Meta(description="What is left to do, where signing in wants a second factor.")]
        | UnsetType
    ) = UNSET


def status_of(error: DomainError | type[DomainError]) -> int:
    """The HTTP status of a domain error, by its nearest ancestor in the table."""
    kind = error if isinstance(error, type) else type(error)
    return next((STATUS_OF[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS_OF), 400)


def problem_response(error: DomainError, request_id: str) -> Response:
    """The answer for a refused operation."""
    return _respond(
        Problem(
            type=f"/documentation/problems#{error.code}",
            title=error.title(),
            status=status_of(error),
            code=error.code,
            detail=error.detail,
            request_id=request_id,
            errors=error.faults,
            existing=error.existing or UNSET,
            second_factor=error.second_factor or UNSET,
        ),
        dict(error.headers()),
    )


def crash_response(request_id: str) -> Response:
    """The answer when we failed: nothing of the exception leaves the house."""
    return _respond(
        Problem(
            type="/documentation/problems#internal_error",
            title="Something went wrong on our side.",
            status=500,
            code="internal_error",
            detail="Something went wrong on our side. It was logged; quote the request id when you ask for help.",
            request_id=request_id,
        ),
        {},
    )


def _respond(problem: Problem, headers: dict[str, str]) -> Response:
    headers["Cache-Control"] = "no-store"
    return Response(msgspec.json.encode(problem), problem.status, headers, CONTENT_TYPE)
