"""Wire types of what was done."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.acting import ActorKind
from matinee.common.http.pagination import CursorText, Limit
from matinee.modules.audit.actions import Action

_What = Annotated[Action, Meta(description="What was done, and to what kind of thing.", examples=["session.opened"])]
_EventId = Annotated[UUID, Meta(description="The event's id.")]
_At = Annotated[datetime, Meta(description="When.")]
_Target = Annotated[UUID | None, Meta(description="The id of what it was done to; `what` begins with its kind.")]
_Detail = Annotated[dict[str, Any], Meta(description="More about it; differs by `what`.")]


class AuditFilter(msgspec.Struct, kw_only=True):
    """Which events."""

    by: Annotated[UUID, Meta(description="Only what this account did.")] | UnsetType = UNSET
    what: Annotated[Action, Meta(description="Only this.")] | UnsetType = UNSET
    target: Annotated[UUID, Meta(description="Only what was done to the thing with this id.")] | UnsetType = UNSET
    account: Annotated[UUID, Meta(description="Only what concerns this account.")] | UnsetType = UNSET
    since: Annotated[date, Meta(description="Only from this day on, by UTC.")] | UnsetType = UNSET
    until: Annotated[date, Meta(description="Only to the end of this day, by UTC.")] | UnsetType = UNSET


class AuditQuery(AuditFilter, kw_only=True):
    """Which events, and which page of them."""

    limit: Limit = 20
    cursor: CursorText | UnsetType = UNSET


class ExportQuery(AuditFilter, kw_only=True):
    """Which events, and how they are written."""

    format: Annotated[Literal["ndjson", "csv"], Meta(description="One JSON object a line, or a table.")] = "ndjson"


class AccountRef(msgspec.Struct):
    """An account."""

    id: Annotated[UUID, Meta(description="Its id.")]
    name: Annotated[str | None, Meta(description="Null where the account is gone.")]
    email: Annotated[str | None, Meta(description="Null where it has none, or is gone.")]


class AuditActor(msgspec.Struct, kw_only=True):
    """Who did something."""

    kind: Annotated[ActorKind, Meta(description="`anyone`: somebody who was not signed in.")]
    account: Annotated[AccountRef | None, Meta(description="The account, also where it called by a key.")]
    key_id: Annotated[UUID | None, Meta(description="The API key, where it called by one.")]


class AuditEvent(msgspec.Struct, kw_only=True):
    """Something that was done."""

    id: _EventId
    at: _At
    what: _What
    by: Annotated[AuditActor, Meta(description="Who did it.")]
    target: _Target
    account: Annotated[AccountRef | None, Meta(description="Whom it concerns.")]
    ip: Annotated[str | None, Meta(description="From where.", examples=["203.0.113.7"])]
    detail: _Detail


class AuditPage(msgspec.Struct, kw_only=True):
    """A page of events, newest first."""

    items: Annotated[list[AuditEvent], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


SeenBy = Literal["you", "your_api_key", "administrator", "somebody", "anyone", "command_line", "server"]


class OwnEvent(msgspec.Struct, kw_only=True):
    """Something that concerns one's own account."""

    id: _EventId
    at: _At
    what: _What
    by: Annotated[
        SeenBy,
        Meta(
            description="Who did it. `somebody`: who decides about the team, the video or the comment. `anyone`: who "
            "was not signed in."
        ),
    ]
    key_id: Annotated[UUID | None, Meta(description="Your API key, where it was done by one.")]
    target: _Target
    ip: Annotated[str | None, Meta(description="From where; null where another account did it.")]
    detail: _Detail


class OwnEventPage(msgspec.Struct, kw_only=True):
    """A page of events, newest first."""

    items: Annotated[list[OwnEvent], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
