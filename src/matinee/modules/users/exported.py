"""What an export has of a profile."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection
from matinee.common.http.pagination import PageQuery
from matinee.modules.users import repository
from matinee.modules.users.schemas import Profile


class ProfilePage(msgspec.Struct, frozen=True):
    """The one profile that an account has."""

    items: list[Profile]
    next_cursor: None = None


async def list_profile(db: Connection, user_id: UUID, query: PageQuery) -> ProfilePage:
    """The profile of an account, which is one page."""
    del query
    profile = await repository.find_profile(db, user_id)
    return ProfilePage([] if profile is None else [profile])
