"""Wire types of sign-in providers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.text import LINE
from matinee.modules.auth.schemas import Restore

ProviderId = Annotated[str, Meta(min_length=1, max_length=20, description="The provider.", examples=["work"])]
LinkId = Annotated[UUID, Meta(description="The link's id.")]


class Provider(msgspec.Struct, kw_only=True):
    """Somebody whose word is taken for who signs in."""

    id: ProviderId
    name: Annotated[str, Meta(description="For people.", examples=["Example Inc."])]


class Providers(msgspec.Struct, kw_only=True):
    """All that the server knows."""

    items: Annotated[list[Provider], Meta(description="In the order of the settings.")]


class BeginSignIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A sign-in to begin."""

    device_name: Annotated[
        str, Meta(max_length=80, pattern=LINE, description="Names the session.", examples=["Ada's phone"])
    ] = ""


class Departure(msgspec.Struct, kw_only=True):
    """Where to send the browser."""

    url: Annotated[str, Meta(description="Of the provider. It sends the browser back with `code` and `state`.")]


class Return(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the provider sent the browser back with."""

    code: Annotated[str, Meta(min_length=1, max_length=4000, description="As it stands in the address.")]
    state: Annotated[str, Meta(min_length=1, max_length=200, description="As it stands in the address.")]


class SignInReturn(Return, kw_only=True, forbid_unknown_fields=True):
    """The same, of whoever signs in."""

    restore: Restore = False


class LinkedSignIn(msgspec.Struct):
    """A provider by which an account is signed in to."""

    id: LinkId
    issuer: Annotated[str, Meta(description="Whose word is taken.", examples=["https://login.example.org"])]
    label: Annotated[
        str, Meta(description="Who the user is there, as the provider tells it.", examples=["ada@work.example"])
    ]
    created_at: Annotated[datetime, Meta(description="When it was linked.")]
    last_used_at: Annotated[datetime | None, Meta(description="When it was last used; null: never.")]


class LinkedSignIns(msgspec.Struct, kw_only=True):
    """All linked sign-ins of an account."""

    items: Annotated[list[LinkedSignIn], Meta(description="Oldest first.")]
