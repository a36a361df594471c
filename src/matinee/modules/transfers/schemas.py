"""Wire types of transfers."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta


class Transfer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who is to own a video."""

    owner: Annotated[UUID | None, Meta(description="A team of which you are an owner or editor; null: you.")]
