"""Wire types of profiles."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.authentication import Role
from matinee.common.text import Text
from matinee.modules.auth.schemas import Name


class Profile(msgspec.Struct):
    """A user's profile, as its owner sees it."""

    id: Annotated[UUID, Meta(description="The account's id.")]
    email: Annotated[str, Meta(description="Seen by its owner alone.", examples=["ada@example.org"])]
    email_verified: Annotated[bool, Meta(description="Whether its owner reads letters to it.")]
    name: Annotated[str, Meta(description="Shown to others.", examples=["Ada"])]
    bio: Annotated[str, Meta(description="A few words about the user.")]
    role: Annotated[Role, Meta(description="USER or ADMIN.")]
    created_at: Annotated[datetime, Meta(description="When the account was registered.")]
    updated_at: Annotated[datetime, Meta(description="When the profile was last changed.")]


class ProfileChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    name: Name | UnsetType = UNSET
    bio: Annotated[Text, Meta(max_length=500, description="A few words.")] | UnsetType = UNSET
