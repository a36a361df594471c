"""Every query about profiles."""

from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Connection, fetch_one
from matinee.modules.users.schemas import Profile, ProfileChange

_FIND = """
SELECT id, email, email_verified_at IS NOT NULL AS email_verified, name, bio, role, created_at, updated_at
FROM users WHERE id = %s
"""
_CHANGE = """
UPDATE users SET name = coalesce(%s, name), bio = coalesce(%s, bio), updated_at = now() WHERE id = %s
RETURNING id, email, email_verified_at IS NOT NULL AS email_verified, name, bio, role, created_at, updated_at
"""


async def find_profile(db: Connection, user_id: UUID) -> Profile | None:
    """The profile of a user."""
    return await fetch_one(db, Profile, _FIND, (user_id,))


async def change_profile(db: Connection, user_id: UUID, change: ProfileChange) -> Profile | None:
    """Changes the fields that are set and returns the profile."""
    name = None if change.name is UNSET else change.name
    bio = None if change.bio is UNSET else change.bio
    return await fetch_one(db, Profile, _CHANGE, (name, bio, user_id))
