"""HTTP in and out of passwords, addresses and invitations."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.common.mail.post import MailOff
from matinee.modules.auth.cookie import BASE
from matinee.modules.auth.errors import (
    EmailTaken,
    InvalidEmail,
    InvitationNotFound,
    LinkExpired,
    SignInToVerify,
    WrongPassword,
)
from matinee.modules.auth.invitations import Invitations
from matinee.modules.auth.recovery import Recovery
from matinee.modules.auth.schemas import (
    AskLink,
    ChangeEmail,
    ChangePassword,
    InvitationId,
    InvitationPage,
    Invite,
    MadeInvitation,
    ResetPassword,
    VerifyEmail,
)
from matinee.modules.auth.strength import WeakPassword
from matinee.modules.second_factor.routes import GUARDED, PROOFS

TAG = "auth"
_ASKED = RateLimit("links", 10, 3600)  # letters that one address asks for
_NEW_ADDRESSES = RateLimit("new_address", 10, 3600, by="user")  # each is a letter to whom the account names
_FOLLOWED = RateLimit("followed_links", 30, 3600)


class RecoveryRoutes:
    """Operations under /api/v1/auth."""

    def __init__(self, recovery: Recovery, invitations: Invitations) -> None:
        self._recovery = recovery
        self._invitations = invitations

    @operation(
        "POST",
        f"{BASE}/password",
        tag=TAG,
        access=Access.PERSON,
        errors=(WrongPassword, WeakPassword),
        limit=PROOFS,
    )
    async def change_password(self, call: Call, body: ChangePassword) -> None:
        """Change the password.

        Every other session ends, and a letter tells of it.
        """
        await self._recovery.change_password(call.user, body.present_password, body.new_password)

    @operation("POST", f"{BASE}/password/forgotten", tag=TAG, access=Access.PUBLIC, errors=(MailOff,), limit=_ASKED)
    async def forget_password(self, call: Call, body: AskLink) -> None:
        """Ask for a letter with a link to choose a new password.

        The answer is the same, and takes as long, whether or not the address has an account.
        """
        await self._recovery.forget_password(body.email)

    @operation(
        "POST",
        f"{BASE}/password/reset",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(LinkExpired, WeakPassword),
        limit=_FOLLOWED,
    )
    async def reset_password(self, call: Call, body: ResetPassword) -> None:
        """Set a forgotten password by the token of a link.

        Every session ends; the second factor stays. Where the address was not verified before, it is now, and the
        second factor and all keys end, too. A token works once, within an hour.
        """
        await self._recovery.reset_password(body.token, body.password)

    @operation(
        "POST",
        f"{BASE}/email",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, MailOff, InvalidEmail),
        limit=_NEW_ADDRESSES,
    )
    async def change_email(self, call: Call, body: ChangeEmail) -> None:
        """Ask for a letter to another address, which makes it the account's.

        By the password or a code. Nothing changes before its link was followed; the former address is told at once,
        and then.
        """
        await self._recovery.change_email(call.user, body.email, body)

    @operation("POST", f"{BASE}/email/verification", tag=TAG, access=Access.PUBLIC, errors=(MailOff,), limit=_ASKED)
    async def ask_verification(self, call: Call, body: AskLink) -> None:
        """Ask for another letter that verifies the account's address.

        The answer is the same whether or not the address has an account, and is verified.
        """
        await self._recovery.ask_verification(body.email)

    @operation(
        "POST",
        f"{BASE}/email/verify",
        tag=TAG,
        access=Access.EITHER,
        errors=(LinkExpired, SignInToVerify, WrongPassword, EmailTaken),
        limit=_FOLLOWED,
    )
    async def verify_email(self, call: Call, body: VerifyEmail) -> None:
        """Verify an address by the token of a link.

        Signed in to the account, or by its password: somebody else may have made it with your address. A token works
        once, within two days.
        """
        await self._recovery.verify_email(call.begin, call.caller, body.token, body.password)

    @operation("POST", f"{BASE}/invitations", tag=TAG, access=Access.ADMIN, status=201, errors=(InvalidEmail,))
    async def invite_to_register(self, call: Call, db: Connection, body: Invite) -> MadeInvitation:
        """Invite somebody to register.

        The link is in the answer, this once, and in a letter where this server sends mail. It works once, for a week,
        unless registration is closed.
        """
        return await self._invitations.invite(db, call.user.user_id, body.email)

    @operation("GET", f"{BASE}/invitations", tag=TAG, access=Access.ADMIN, errors=(InvalidCursor,))
    async def list_registration_invitations(self, call: Call, db: Connection, query: PageQuery) -> InvitationPage:
        """Invitations to register that nobody has taken."""
        return await self._invitations.list_open(db, query)

    @operation(
        "DELETE", f"{BASE}/invitations/{{invitation_id}}", tag=TAG, access=Access.ADMIN, errors=(InvitationNotFound,)
    )
    async def revoke_registration_invitation(self, call: Call, db: Connection, invitation_id: InvitationId) -> None:
        """Revoke an invitation to register."""
        await self._invitations.revoke(db, invitation_id)
