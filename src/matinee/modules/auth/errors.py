"""How accounts and sessions refuse."""

from datetime import datetime

from matinee.common.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from matinee.common.pending_sign_in import PendingSignIn
from matinee.common.validation import Fault


class EmailTaken(Conflict):
    """An account with this e-mail address exists; sign in, or use another address."""

    code = "email_taken"


class InvalidEmail(Invalid):
    """This is not a deliverable e-mail address."""

    code = "invalid_email"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, faults=[Fault("email", reason)])


class InvalidCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""

    code = "invalid_credentials"


class SecondFactorRequired(Unauthenticated):
    """The password is right, and the account wants a second factor; send it with the challenge."""

    code = "second_factor_required"

    def __init__(self, pending: PendingSignIn) -> None:
        super().__init__()
        self.second_factor = pending


class NewPasswordRequired(Unauthenticated):
    """The password is right, but easily guessed; sign in again, with another one as `new_password` beside it."""

    code = "new_password_required"


class WrongPassword(Forbidden):
    """The password is not the one of this account."""

    code = "wrong_account_password"


class AccountSuspended(Forbidden):
    """This account is suspended; ask the people who run this server."""

    code = "account_suspended"

    def __init__(self, why: str | None = None) -> None:
        super().__init__(None if why is None else f"{self.title()} They say: {why}")


class RegistrationClosed(Forbidden):
    """This server takes no registrations; ask whoever runs it for an account."""

    code = "registration_closed"


class InvitationNeeded(Forbidden):
    """This server takes registrations by invitation alone; follow the link of one."""

    code = "invitation_needed"


class InvitationNotFound(NotFound):
    """There is no such invitation, or it was taken."""

    code = "invitation_not_found"


class LinkExpired(Invalid):
    """This link was used before, has expired or is not whole; ask for another."""

    code = "link_expired"


class SignInToVerify(Forbidden):
    """Sign in to the account that this link is for, or send its password; if you made none, leave the link."""

    code = "sign_in_to_verify"


class AccountClosed(Forbidden):
    """This account is to be deleted; sign in with `restore` to keep it."""

    code = "account_closed"

    def __init__(self, erase_at: datetime | None = None) -> None:
        when = None if erase_at is None else f"{erase_at:%Y-%m-%d}"
        super().__init__(when and f"This account is to be deleted on {when}; it can be kept until then.")


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is unknown, expired or revoked; sign in again."""

    code = "invalid_refresh_token"


class RefreshTokenReplayed(Unauthenticated):
    """This refresh token was used before, so its session was ended on every device that holds it; sign in again."""

    code = "refresh_token_replayed"


class SessionNotFound(NotFound):
    """You have no such session."""

    code = "session_not_found"


class RefreshRaced(Conflict):
    """Two refreshes ran at once; use the token that the other one was given."""

    code = "refresh_raced"
