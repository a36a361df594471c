"""Keyset pagination: a cursor is the sort key of the last row seen, so page 1,000 costs what page 1 costs."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Protocol, TypeVar
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


class Created(Protocol):
    """A row of such a list."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def id(self) -> UUID: ...


def creation(row: Created) -> Cursor:
    """The row's place."""
    return Cursor(row.created_at, row.id)


class InvalidCursor(Invalid):
    """The cursor is not one that we gave out."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        sentence = "Pass `next_cursor` of the page before, unchanged, or leave it out for the first page."
        super().__init__(sentence, faults=[Fault("query.cursor", sentence)])


def encode_cursor(cursor: Cursor) -> str:
    """The cursor as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()


Row = TypeVar("Row")
Place = TypeVar("Place", bound=Cursor)


def page_of(rows: list[Row], limit: int, place: Callable[[Row], Cursor]) -> tuple[list[Row], str | None]:
    """What a page shows of the rows, and the cursor of the next one, where they are more than `limit`."""
    return rows[:limit], encode_cursor(place(rows[limit - 1])) if len(rows) > limit else None


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
