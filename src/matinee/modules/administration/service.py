"""Decisions about accounts that are not one's own."""

from uuid import UUID

from msgspec import UNSET
from msgspec.structs import asdict

from matinee.common.acting import actor
from matinee.common.database import Begin, Connection
from matinee.common.http.authentication import Caller, Role
from matinee.common.http.pagination import creation, decode_cursor, page_of
from matinee.modules import audit
from matinee.modules.administration import repository
from matinee.modules.administration.errors import LastAdministrator, OwnAccount
from matinee.modules.administration.repository import UserRow
from matinee.modules.administration.schemas import (
    Deletion,
    ManagedUser,
    ManagedUserPage,
    Suspension,
    UserChange,
    UserDetail,
    UsersQuery,
)
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof
from matinee.modules.auth.sessions import Sessions
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.quotas.service import QuotaService
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.service import SecondFactor

_ROLE_NAMES: dict[Role, str] = {"ADMIN": "administrator", "USER": "user"}  # in letters


class Administration:
    """What administrators do about accounts. All of it is recorded, and takes effect within a second.

    Letters tell owners of what they would not know otherwise.
    """

    def __init__(
        self,
        sessions: Sessions,
        quotas: QuotaService,
        second_factor: SecondFactor,
        guard: Guard,
        notices: Notices,
    ) -> None:
        self._sessions = sessions
        self._quotas = quotas
        self._second_factor = second_factor
        self._guard = guard
        self._notices = notices

    async def list(self, db: Connection, query: UsersQuery) -> ManagedUserPage:
        """Accounts, newest first."""
        rows = await repository.list_users(db, query, decode_cursor(query.cursor))
        shown, cursor = page_of(rows, query.limit, creation)
        return ManagedUserPage(items=[_shown(row) for row in shown], next_cursor=cursor)

    async def get(self, db: Connection, user_id: UUID) -> UserDetail:
        """An account with what it stores, and where it is signed in. Raises UserNotFound."""
        user = _shown(await repository.find_user(db, user_id))
        return UserDetail(
            **asdict(user),
            usage=await self._quotas.usage(db, user_id),
            sessions=await repository.list_sessions(db, user_id),
        )

    async def suspend(self, db: Connection, user_id: UUID, why: str) -> ManagedUser:
        """Shuts an account out, everywhere and until it is lifted.

        Raises UserNotFound, OwnAccount, LastAdministrator.
        """
        _refuse_oneself(user_id)
        await ensure_administered(db, without=user_id)
        if await repository.suspend(db, user_id, why):
            await audit.record(db, "account.suspended", user_id, account=user_id, reason=why)
            await self._sessions.end_all(db, user_id, "suspended")
            await self._notices.tell(db, user_id, letters.SUSPENDED)
        return _shown(await repository.find_user(db, user_id))

    async def lift(self, db: Connection, user_id: UUID) -> ManagedUser:
        """Lets an account in again; it signs in anew, its API keys work as before. Raises UserNotFound."""
        if await repository.lift(db, user_id):
            await audit.record(db, "account.suspension_lifted", user_id, account=user_id)
            await self._notices.tell(db, user_id, letters.SUSPENSION_LIFTED)
        return _shown(await repository.find_user(db, user_id))

    async def change_by(self, begin: Begin, caller: Caller, user_id: UUID, change: UserChange) -> ManagedUser:
        """The same, for an administrator who shows once more who he is. Raises what the guard does."""
        await self._guard.ensure(caller, change)
        return await self.change(await begin(), user_id, change)

    async def change(self, db: Connection, user_id: UUID, change: UserChange) -> ManagedUser:
        """Changes what is set of an account. Raises UserNotFound, OwnAccount, LastAdministrator."""
        if change.role is not UNSET:
            await self._give_role(db, user_id, change.role)
        return _shown(await repository.find_user(db, user_id))

    async def end_sessions(self, db: Connection, user_id: UUID) -> None:
        """Signs an account out everywhere. Raises UserNotFound."""
        _shown(await repository.find_user(db, user_id))
        await self._sessions.end_all(db, user_id, "administrator")

    async def reset_second_factor_by(self, begin: Begin, caller: Caller, proof: Proof, user_id: UUID) -> None:
        """The same, for an administrator who shows once more who he is. Raises what the guard does."""
        _refuse_oneself(user_id)
        await self._guard.ensure(caller, proof)
        await self.reset_second_factor(await begin(), user_id)

    async def reset_second_factor(self, db: Connection, user_id: UUID) -> None:
        """Signs an account out, and has the password alone sign in to it again. Its owner is told.

        Raises UserNotFound.
        """
        if await repository.lock_role(db, user_id) is None:  # a team has none
            raise UserNotFound
        await self._second_factor.reset(db, user_id)
        await audit.record(db, "account.second_factor_reset", user_id, account=user_id)
        await self._sessions.end_all(db, user_id, "administrator")
        await self._notices.tell(db, user_id, letters.SECOND_FACTOR_RESET)

    async def verify_email(self, db: Connection, user_id: UUID) -> None:
        """The account's address counts as verified; one that was before stays so."""
        if await repository.verify_email(db, user_id):
            await audit.record(db, "account.email_verified", user_id, account=user_id)

    async def _give_role(self, db: Connection, user_id: UUID, role: Role) -> None:
        if role != "ADMIN":
            _refuse_oneself(user_id)
            await ensure_administered(db, without=user_id)
        former = await repository.lock_role(db, user_id)
        if former is None:  # a team has none
            raise UserNotFound
        if former == role:
            return
        await repository.set_role(db, user_id, role)
        await audit.record(db, "account.role_changed", user_id, account=user_id, former=former, role=role)
        # what was signed with the former role opens nothing more
        await self._sessions.end_all(db, user_id, "role_changed")
        await self._notices.tell(db, user_id, letters.ROLE_CHANGED, role=_ROLE_NAMES[role])


async def ensure_administered(db: Connection, *, without: UUID) -> None:
    """Raises LastAdministrator where nobody would be left to administer."""
    if await repository.lock_administrators(db) == [without]:
        raise LastAdministrator


def _refuse_oneself(user_id: UUID) -> None:
    if user_id == actor().account_id:
        raise OwnAccount


def _shown(row: UserRow | None) -> ManagedUser:
    if row is None:
        raise UserNotFound
    return ManagedUser(
        id=row.id,
        kind=row.kind,
        email=row.email,
        email_verified=row.email_verified,
        name=row.name,
        role=row.role,
        created_at=row.created_at,
        suspension=Suspension(row.suspended_at, row.suspended_why)
        if row.suspended_at and row.suspended_why
        else None,
        deletion=Deletion(row.closed_at, row.erase_at) if row.closed_at and row.erase_at else None,
    )
