"""What can go wrong, in the domain's words. HTTP is mapped in one place: `common/http/problems.py`.

A feature subclasses the kind that fits and gives it a stable `code`; the docstring's first line is its public title.
"""

from collections.abc import Mapping
from typing import ClassVar

from matinee.common.pending_sign_in import PendingSignIn
from matinee.common.validation import Fault


class DomainError(Exception):
    """The operation was refused."""

    code: ClassVar[str] = "refused"
    existing: str | None = None
    """The id of what is there already, where that is why."""
    second_factor: PendingSignIn | None = None
    """What is left to do, where a sign-in wants more than the password."""

    def __init__(self, detail: str | None = None, *, faults: list[Fault] | None = None) -> None:
        self.detail = detail or self.title()
        self.faults = faults or []
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        """The error in general terms: the first line of its docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def headers(self) -> Mapping[str, str]:
        """HTTP headers that belong to the answer, such as Retry-After."""
        return {}


class Malformed(DomainError):
    """The request cannot be read."""

    code = "malformed_request"


class Unauthenticated(DomainError):
    """You need to sign in for this."""

    code = "unauthenticated"

    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(DomainError):
    """You may not do this."""

    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing, or you may not see it."""

    code = "not_found"


class MethodNotAllowed(DomainError):
    """This address does not know that method."""

    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This address answers {allowed}.")
        self.allowed = allowed

    def headers(self) -> Mapping[str, str]:
        return {"Allow": self.allowed}


class Conflict(DomainError):
    """The request does not fit the present state."""

    code = "conflict"


class PreconditionFailed(DomainError):
    """The request wants something of this server that it is not."""

    code = "precondition_failed"


class TooLarge(DomainError):
    """The request body is too large."""

    code = "body_too_large"


class UnsupportedMediaType(DomainError):
    """The body has a media type that this operation does not take."""

    code = "unsupported_media_type"


class RangeNotSatisfiable(DomainError):
    """The requested byte range lies outside the file."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes.")
        self.size = size

    def headers(self) -> Mapping[str, str]:
        return {"Content-Range": f"bytes */{self.size}"}


class Invalid(DomainError):
    """Some fields are not valid."""

    code = "validation_failed"


class ChecksumMismatch(DomainError):
    """The bytes do not have the checksum that was sent with them; none of them was kept, send them again."""

    code = "checksum_mismatch"


class RateLimited(DomainError):
    """Too many requests of this kind; wait and try again."""

    code = "rate_limited"

    def __init__(self, retry_after: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"Too many requests of this kind; try again in {retry_after} seconds.")
        self._headers = {**headers, "Retry-After": str(retry_after)}

    def headers(self) -> Mapping[str, str]:
        return self._headers


class Unavailable(DomainError):
    """This cannot be done right now; try again shortly."""

    code = "unavailable"

    def __init__(self, detail: str | None = None, *, retry_after: int = 2, faults: list[Fault] | None = None) -> None:
        super().__init__(detail, faults=faults)
        self.retry_after = retry_after

    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class TimedOut(DomainError):
    """The request took too long and was given up; nothing was changed by an unfinished one."""

    code = "timed_out"
