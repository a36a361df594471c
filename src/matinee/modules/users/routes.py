"""HTTP in and out of profiles."""

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.modules.users import repository
from matinee.modules.users.schemas import Profile, ProfileChange

TAG = "users"
PATH = "/api/v1/user/profile"


class UserRoutes:
    """Operations on the signed-in user's profile."""

    @operation("GET", PATH, tag=TAG, scope="account:read")
    async def get_profile(self, call: Call, db: Connection) -> Profile:
        """The signed-in user's profile."""
        return _existing(await repository.find_profile(db, call.user.user_id))

    @operation("PATCH", PATH, tag=TAG, access=Access.PERSON)
    async def change_profile(self, call: Call, db: Connection, body: ProfileChange) -> Profile:
        """Change the signed-in user's profile.

        Fields left out stay as they are.
        """
        return _existing(await repository.change_profile(db, call.user.user_id, body))


def _existing(profile: Profile | None) -> Profile:
    if profile is None:
        raise Unauthenticated("This account no longer exists.")
    return profile
