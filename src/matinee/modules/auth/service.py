"""Decisions about accounts: registering, and signing in by password."""

from typing import Literal
from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Role
from matinee.modules import audit
from matinee.modules.auth import repository
from matinee.modules.auth.devices import Device
from matinee.modules.auth.errors import (
    InvalidCredentials,
    InvitationNeeded,
    NewPasswordRequired,
    RegistrationClosed,
    SecondFactorRequired,
)
from matinee.modules.auth.guessing import Guessing
from matinee.modules.auth.invitations import Invitations
from matinee.modules.auth.password_change import PasswordChange
from matinee.modules.auth.passwords import Passwords
from matinee.modules.auth.recovery import Recovery
from matinee.modules.auth.rules import normal_email, spellings
from matinee.modules.auth.schemas import Login, Register, Tokens, User
from matinee.modules.auth.sessions import Sessions
from matinee.modules.auth.strength import WeakPassword
from matinee.modules.second_factor.service import SecondFactor


class AuthService:
    """Accounts, and how their owners show who they are."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        second_factor: SecondFactor,
        password_change: PasswordChange,
        recovery: Recovery,
        invitations: Invitations,
        guessing: Guessing,
        *,
        registration: Literal["open", "invitation", "closed"],
    ) -> None:
        """`registration`: who may register."""
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._second_factor = second_factor
        self._password_change = password_change
        self._recovery = recovery
        self._invitations = invitations
        self._guessing = guessing
        self._registration = registration

    async def prepare_registration(self, registration: Register) -> str:
        """The slow part, done before any connection is held: returns the password's hash.

        Raises InvalidEmail, WeakPassword.
        """
        email = normal_email(registration.email)
        await self._passwords.ensure_strong(registration.password, (email, registration.name), field="password")
        return await self._passwords.hash(registration.password)

    def ensure_may_register(self, registration: Register) -> None:
        """Raises RegistrationClosed, InvitationNeeded."""
        if self._registration == "closed":
            raise RegistrationClosed
        if self._registration == "invitation" and registration.invitation is None:
            raise InvitationNeeded

    async def register(self, db: Connection, registration: Register, password_hash: str) -> User:
        """The new account of whoever asks; raises EmailTaken, LinkExpired."""
        self.ensure_may_register(registration)
        email, invited = normal_email(registration.email), None
        if registration.invitation is not None:
            invited = await self._invitations.take(db, registration.invitation)
        user = await self.create(db, registration, password_hash, verified=invited == email)
        if invited != email:
            await self._recovery.verify_later(db, user.id, email)
        return user

    async def create(
        self, db: Connection, registration: Register, password_hash: str, role: Role = "USER", *, verified: bool
    ) -> User:
        """The new account; raises EmailTaken."""
        email = normal_email(registration.email)
        user = await repository.insert_user(db, email, password_hash, registration.name, role, verified=verified)
        await audit.record(db, "account.registered", user.id, account=user.id, by=user.id, role=role)
        return user

    async def register_verified(self, db: Connection, email: str, name: str) -> User:
        """A new account without a password, of an address that somebody else has verified.

        Raises RegistrationClosed and InvitationNeeded, InvalidEmail and EmailTaken.
        """
        if self._registration != "open":
            raise RegistrationClosed if self._registration == "closed" else InvitationNeeded
        user = await repository.insert_user(db, normal_email(email), None, name, "USER", verified=True)
        await audit.record(db, "account.registered", user.id, account=user.id, by=user.id, role=user.role)
        return user

    async def log_in(self, credentials: Login, device: Device) -> Tokens:
        """Opens a session; raises InvalidCredentials, after the same time for known and unknown addresses.

        Raises SecondFactorRequired where the password alone is not enough, NewPasswordRequired where it is easily
        guessed, WeakPassword where the new one is, RateLimited where too many were wrong.
        """
        spelt = spellings(credentials.email)
        async with self._database.connection() as db:
            account = await repository.find_account(db, *spelt)
        await self._guessing.begin(spelt[0], account.id if account else None, device)
        stored = account.password_hash if account else None
        fits = await self._passwords.verify(stored, credentials.password)
        if account is None or stored is None or not fits:
            async with self._database.transaction() as db:
                await audit.record_often(db, "account.sign_in_failed", account.id if account else None)
            raise InvalidCredentials
        verified = await self._renewed(account.id, stored, credentials.password)
        try:
            fresh = await self._replacement(account, credentials)
        except (NewPasswordRequired, WeakPassword):  # it was right all the same, and is not counted as a guess
            async with self._database.transaction() as db:
                await self._guessing.succeed(db, spelt[0], account.id, device)
            raise
        pending = None
        async with self._database.transaction() as db:
            if await repository.hold(db, account.id, verified) is not None:
                await self._guessing.succeed(db, spelt[0], account.id, device)
                pending = await self._second_factor.ask(db, account.id, credentials.device_name, fresh)
                if pending is None:
                    if fresh is not None:
                        await self._password_change.apply(db, account.id, fresh, "password_changed", by=account.id)
                    return await self._sessions.open(
                        db, account.as_user(), credentials.device_name, device, restore=credentials.restore
                    )
        if pending is None:  # the password, or its hash, is another one meanwhile: judged by that
            return await self.log_in(credentials, device)
        # raised after the commit, which keeps the challenge
        raise SecondFactorRequired(pending)

    async def _replacement(self, account: repository.Account, credentials: Login) -> str | None:
        """The hash of the password that is to be the account's from now on; None where its own stays.

        Nobody but who knows the password hears what it is worth.
        """
        about = (account.email, account.name)
        if credentials.new_password is not None:
            await self._passwords.ensure_strong(credentials.new_password, about, field="new_password")
            return await self._passwords.hash(credentials.new_password)
        try:
            await self._passwords.ensure_strong(credentials.password, about, field="password")
        except WeakPassword:
            raise NewPasswordRequired from None
        return None

    async def _renewed(self, user_id: UUID, stored: str, password: str) -> str:
        """The hash of an account's password, by today's parameters."""
        if not self._passwords.is_outdated(stored):
            return stored
        fresh = await self._passwords.hash(password)
        async with self._database.transaction() as db:
            await repository.replace_hash(db, user_id, stored, fresh)
        return fresh
