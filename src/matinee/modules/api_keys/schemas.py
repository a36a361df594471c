"""Wire types of API keys."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.http.authentication import KeyScope
from matinee.common.text import LINE
from matinee.modules.auth.schemas import Proof

KeyId = Annotated[UUID, Meta(description="The key's id.")]


class NewApiKey(Proof, kw_only=True, forbid_unknown_fields=True):
    """A key to make, and the proof that it is you who asks."""

    name: Annotated[
        str,
        Meta(min_length=1, max_length=80, pattern=LINE, description="What it is for.", examples=["Import at night"]),
    ]
    scopes: Annotated[
        list[KeyScope],
        Meta(min_length=1, max_length=10, description="What it may do.", examples=[["uploads:write", "videos:read"]]),
    ]
    expires_in_days: Annotated[
        Annotated[int, Meta(ge=1, le=3650)] | None,
        Meta(description="After so many days it works no more; null: it works until it is revoked.", examples=[90]),
    ] = None


class ApiKey(msgspec.Struct, kw_only=True):
    """A key, without its secret."""

    id: KeyId
    prefix: Annotated[str, Meta(description="How the key begins.", examples=["mtn_0f8fad5b"])]
    name: Annotated[str, Meta(description="What it is for.", examples=["Import at night"])]
    scopes: Annotated[list[KeyScope], Meta(description="What it may do.")]
    created_at: Annotated[datetime, Meta(description="When it was made.")]
    expires_at: Annotated[datetime | None, Meta(description="When it works no more; null: never.")]
    last_used_at: Annotated[datetime | None, Meta(description="When it was last used, to the minute; null: never.")]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked; null: it was not.")]


class CreatedApiKey(ApiKey, kw_only=True):
    """A key that was just made."""

    secret: Annotated[
        str, Meta(description="The key itself, shown this once: send it as `Authorization: Bearer <secret>`.")
    ]


class KeyToExchange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key that is to be exchanged."""

    api_key: Annotated[str, Meta(min_length=1, max_length=200, description="The key itself: `mtn_…`.")]


class KeyToken(msgspec.Struct, kw_only=True):
    """What a program calls by in the place of its key."""

    access_token: Annotated[str, Meta(description="A JWT; send it as `Authorization: Bearer <token>`.")]
    token_type: Annotated[str, Meta(description="Always `Bearer`.", examples=["Bearer"])] = "Bearer"
    expires_in: Annotated[int, Meta(description="Seconds until it expires: exchange the key again.", examples=[900])]


class ApiKeyPage(msgspec.Struct, kw_only=True):
    """A page of keys, newest first."""

    items: Annotated[list[ApiKey], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
