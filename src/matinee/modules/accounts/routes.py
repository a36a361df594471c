"""HTTP in and out of whole accounts."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.accounts.closing import Closing
from matinee.modules.accounts.errors import NoExport
from matinee.modules.accounts.export import Exports
from matinee.modules.accounts.schemas import AccountExport, ExportAddresses, Foreseen, NewExport
from matinee.modules.administration.errors import LastAdministrator
from matinee.modules.administration.schemas import Deletion, UserId
from matinee.modules.auth.schemas import Proof
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.second_factor.routes import GUARDED, PROOFS
from matinee.modules.teams.errors import LastOwner

DELETION = "/api/v1/user/deletion"
OF_USER = "/api/v1/users/{user_id}/deletion"
EXPORT = "/api/v1/user/export"
EXPORT_OF_USER = "/api/v1/users/{user_id}/export"
CLOSING = RateLimit("close-account", 60, 3600, by="user", refusals=10)
MAKING = RateLimit("account-export", 10, 86400, by="user")


class AccountRoutes:
    """Operations on whole accounts."""

    def __init__(self, closing: Closing, exports: Exports) -> None:
        self._closing = closing
        self._exports = exports

    @operation("GET", DELETION, tag="users", access=Access.PERSON)
    async def foresee_deletion(self) -> Foreseen:
        """Until when you could come back, if you deleted your account now."""
        return self._closing.foresee()

    @operation(
        "POST",
        DELETION,
        tag="users",
        access=Access.PERSON,
        errors=(*GUARDED, LastAdministrator, LastOwner, UserNotFound),
        limit=CLOSING,
    )
    async def close_account(self, call: Call, body: Proof) -> Deletion:
        """Delete your account, by the password or a code.

        You are signed out everywhere, and nobody sees your videos any more. Until `erase_at` you can sign in with
        `restore`, and everything is as before; then everything is deleted for good.
        """
        return await self._closing.close_by(call.begin, call.user, call.user.user_id, body)

    @operation(
        "PUT",
        OF_USER,
        tag="administration",
        access=Access.ADMIN,
        errors=(*GUARDED, UserNotFound, LastAdministrator, LastOwner),
        limit=CLOSING,
    )
    async def delete_user(self, call: Call, user_id: UserId, body: Proof) -> Deletion:
        """Delete an account, by your password or a code.

        As if its owner had; he can restore it until `erase_at`.
        """
        return await self._closing.close_by(call.begin, call.user, user_id, body)

    @operation("DELETE", OF_USER, tag="administration", access=Access.ADMIN)
    async def restore_user(self, db: Connection, user_id: UserId) -> None:
        """Keep an account that was to be deleted.

        Where it is gone already, nothing brings it back.
        """
        await self._closing.restore(db, user_id)

    @operation(
        "POST",
        EXPORT,
        tag="users",
        access=Access.PERSON,
        status=202,
        errors=(*GUARDED, NoExport, StorageUnavailable),
        limit=MAKING,
    )
    async def export_account(self, call: Call, body: NewExport) -> AccountExport:
        """Have all that is yours put together, by the password or a code.

        ZIP archives (one, where files are less than 100 GB) of JSON files (profile, sessions, API keys without their
        secrets, videos, comments, reactions, history, teams, what was done), captions, and the uploaded files or
        their addresses. One that is being made goes on.
        """
        return await self._exports.ask_by(call.begin, call.user, call.user.user_id, body)

    @operation("GET", EXPORT, tag="users", access=Access.PERSON, errors=(NoExport,))
    async def get_account_export(self, call: Call, db: Connection) -> AccountExport:
        """How far your export is."""
        return await self._exports.get(db, call.user.user_id)

    @operation(
        "POST",
        f"{EXPORT}/address",
        tag="users",
        access=Access.PERSON,
        errors=(*GUARDED, NoExport, StorageUnavailable),
        limit=PROOFS,
    )
    async def fetch_account_export(self, call: Call, body: Proof) -> ExportAddresses:
        """Where to fetch your export, by the password or a code."""
        return await self._exports.addresses_by(call.begin, call.user, call.user.user_id, body)

    @operation(
        "POST",
        EXPORT_OF_USER,
        tag="administration",
        access=Access.ADMIN,
        status=202,
        errors=(*GUARDED, NoExport, StorageUnavailable),
        limit=MAKING,
    )
    async def export_user(self, call: Call, user_id: UserId, body: NewExport) -> AccountExport:
        """Have all that is of an account put together, by your password or a code."""
        return await self._exports.ask_by(call.begin, call.user, user_id, body)

    @operation("GET", EXPORT_OF_USER, tag="administration", access=Access.ADMIN, errors=(NoExport,))
    async def get_user_export(self, db: Connection, user_id: UserId) -> AccountExport:
        """How far the export of an account is."""
        return await self._exports.get(db, user_id)

    @operation(
        "POST",
        f"{EXPORT_OF_USER}/address",
        tag="administration",
        access=Access.ADMIN,
        errors=(*GUARDED, NoExport, StorageUnavailable),
        limit=PROOFS,
    )
    async def fetch_user_export(self, call: Call, user_id: UserId, body: Proof) -> ExportAddresses:
        """Where to fetch the export of an account, by your password or a code."""
        return await self._exports.addresses_by(call.begin, call.user, user_id, body)
