"""Keyset pagination: a cursor is the sort key of the last row seen, so page 1,000 costs what page 1 costs."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.errors import Invalid
from matinee.common.validation import Fault

Limit = Annotated[int, Meta(ge=1, le=100, description="How many items a page holds at most.")]
CursorText = Annotated[
    str,
    Meta(max_length=200, description="`next_cursor` of the page before; leave it out for the first page."),
]


class PageQuery(msgspec.Struct, kw_only=True):
    """Which page."""

    limit: Limit = 20
    cursor: CursorText | UnsetType = UNSET  # not None: `?cursor=null` is no way to leave it out


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place in a list that is sorted by creation time, newest first."""

    created_at: datetime
    id: UUID


class InvalidCursor(Invalid):
    """The cursor is not one that we gave out."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        sentence = "Pass `next_cursor` of the page before, unchanged, or leave it out for the first page."
        super().__init__(sentence, faults=[Fault("query.cursor", sentence)])


def encode_cursor(cursor: Cursor) -> str:
    """The cursor as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()


Place = TypeVar("Place", bound=Cursor)


def decode_cursor(text: str | UnsetType, kind: type[Place] = Cursor) -> Place | None:  # type: ignore[assignment]
    """The place that the text names; None, for the first page, where there is none; raises InvalidCursor."""
    if text is UNSET:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(raw, type=kind)
    except (binascii.Error, UnicodeEncodeError, ValueError, msgspec.MsgspecError):
        raise InvalidCursor from None
    if cursor.created_at.utcoffset() != timedelta(0):  # ours are; another may lie outside of what UTC can say
        raise InvalidCursor
    return cursor
