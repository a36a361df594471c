"""HTTP in and out of administration."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor
from matinee.modules.administration.errors import LastAdministrator, OwnAccount
from matinee.modules.administration.schemas import (
    ManagedUser,
    ManagedUserPage,
    NewSuspension,
    UserChange,
    UserDetail,
    UserId,
    UsersQuery,
)
from matinee.modules.administration.service import Administration
from matinee.modules.auth.schemas import Proof
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.second_factor.routes import GUARDED, PROOFS

TAG = "administration"
USERS = "/api/v1/users"
USER = f"{USERS}/{{user_id}}"
_SHUTTING_OUT = (UserNotFound, OwnAccount, LastAdministrator)


class AdministrationRoutes:
    """Operations on other people's accounts."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    @operation("GET", USERS, tag=TAG, access=Access.ADMIN, errors=(InvalidCursor,))
    async def list_users(self, db: Connection, query: UsersQuery) -> ManagedUserPage:
        """Accounts, newest first."""
        return await self._administration.list(db, query)

    @operation("GET", USER, tag=TAG, access=Access.ADMIN, errors=(UserNotFound,))
    async def get_user(self, db: Connection, user_id: UserId) -> UserDetail:
        """An account, what it stores, and where it is signed in."""
        return await self._administration.get(db, user_id)

    @operation("PATCH", USER, tag=TAG, access=Access.ADMIN, errors=(*GUARDED, *_SHUTTING_OUT), limit=PROOFS)
    async def change_user(self, call: Call, user_id: UserId, body: UserChange) -> ManagedUser:
        """Change the role of an account, by your password or a code.

        That ends its sessions. An administrator cannot change his own, and the last one stays one.
        """
        return await self._administration.change_by(call.begin, call.user, user_id, body)

    @operation("PUT", f"{USER}/suspension", tag=TAG, access=Access.ADMIN, errors=_SHUTTING_OUT)
    async def suspend_user(self, db: Connection, user_id: UserId, body: NewSuspension) -> ManagedUser:
        """Shut an account out.

        Its sessions end, and within a second its access tokens, API keys and playback tokens open nothing. Its videos
        are kept, and served to nobody but administrators, until the suspension is lifted. So is a team, by its id:
        its members are nothing in it meanwhile.
        """
        return await self._administration.suspend(db, user_id, body.reason)

    @operation("DELETE", f"{USER}/suspension", tag=TAG, access=Access.ADMIN, errors=(UserNotFound,))
    async def lift_suspension(self, db: Connection, user_id: UserId) -> ManagedUser:
        """Let an account in again.

        It has to sign in anew. Its API keys and its videos are there as before.
        """
        return await self._administration.lift(db, user_id)

    @operation("DELETE", f"{USER}/sessions", tag=TAG, access=Access.ADMIN, errors=(UserNotFound,))
    async def end_sessions(self, db: Connection, user_id: UserId) -> None:
        """Sign an account out on every device."""
        await self._administration.end_sessions(db, user_id)

    @operation(
        "POST",
        f"{USER}/second-factor/reset",
        tag=TAG,
        access=Access.ADMIN,
        errors=(*GUARDED, UserNotFound, OwnAccount),
        limit=PROOFS,
    )
    async def reset_second_factor(self, call: Call, user_id: UserId, body: Proof) -> None:
        """Reset an account's second factor, by your password or a code.

        For its owner who has lost it: codes of an app, recovery codes and passkeys are gone, every device is signed
        out, the password alone signs in. A letter tells him.
        """
        await self._administration.reset_second_factor_by(call.begin, call.user, body, user_id)
