"""Parts of operations that HTTP itself defines: conditional and partial requests, redirects, cookies."""

from typing import Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """A request header or cookie that an operation reads; never required, any text is understood or ignored."""

    name: str
    description: str
    location: Literal["header", "cookie"] = "header"


class Answer(msgspec.Struct, frozen=True):
    """A status that is neither the operation's usual one nor an error.

    `headers` are names of `openapi.HEADERS`; `has_body` where it carries what the operation produces.
    """

    status: int
    description: str
    headers: tuple[str, ...] = ()
    has_body: bool = False


IF_NONE_MATCH = Parameter("If-None-Match", "ETags that the client holds; 304 where one of them is the present one.")
RANGE = Parameter("Range", "One range of bytes, such as `bytes=0-499`; anything else is answered with the whole.")
IF_RANGE = Parameter("If-Range", "An ETag; `Range` counts only where it is the present one.")

NOT_MODIFIED = Answer(304, "The client holds the present version.", ("ETag", "Cache-Control"))
PARTIAL_CONTENT = Answer(
    206, "The wanted bytes.", ("Content-Range", "Accept-Ranges", "ETag", "Cache-Control"), has_body=True
)
ELSEWHERE = Answer(302, "The storage or a CDN delivers it, at an address that works for a short time.", ("Location",))
