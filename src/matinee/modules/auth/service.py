"""Decisions about accounts: registering, and signing in by password."""

import email_validator

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Role
from matinee.modules import audit
from matinee.modules.auth import repository
from matinee.modules.auth.errors import InvalidCredentials, InvalidEmail, SecondFactorRequired
from matinee.modules.auth.passwords import Passwords
from matinee.modules.auth.schemas import Login, Register, Tokens, User
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor.service import SecondFactor


class AuthService:
    """Accounts, and how their owners show who they are."""

    def __init__(
        self, database: Database, passwords: Passwords, sessions: Sessions, second_factor: SecondFactor
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._second_factor = second_factor

    async def prepare_registration(self, registration: Register) -> str:
        """The slow part, done before any connection is held: checks the address, returns the password's hash."""
        normal_email(registration.email)
        return await self._passwords.hash(registration.password)

    async def register(self, db: Connection, registration: Register, password_hash: str, role: Role = "USER") -> User:
        """The new account; raises EmailTaken."""
        email = normal_email(registration.email)
        user = await repository.insert_user(db, email, password_hash, registration.name, role)
        await audit.record(db, "account.registered", user.id, account=user.id, by=user.id, role=role)
        return user

    async def log_in(self, credentials: Login, ip: str | None) -> Tokens:
        """Opens a session; raises InvalidCredentials, after the same time for known and unknown addresses.

        Raises SecondFactorRequired where the password alone is not enough.
        """
        async with self._database.connection() as db:
            account = await repository.find_account(db, *spellings(credentials.email))
        stored = account.password_hash if account else None
        if not await self._passwords.verify(stored, credentials.password) or account is None:
            async with self._database.transaction() as db:
                await audit.record_often(db, "account.sign_in_failed", account.id if account else None)
            raise InvalidCredentials
        fresh_hash = None
        if self._passwords.is_outdated(account.password_hash):
            fresh_hash = await self._passwords.hash(credentials.password)
        async with self._database.transaction() as db:
            if fresh_hash is not None:
                await repository.replace_hash(db, account.id, account.password_hash, fresh_hash)
            pending = await self._second_factor.ask(db, account.id, credentials.device_name)
            if pending is None:
                return await self._sessions.open(db, account.as_user(), credentials.device_name, ip)
        # raised after the commit, which keeps the challenge
        raise SecondFactorRequired(pending)


def normal_email(address: str) -> str:
    """One spelling of all that are the same address: composed letters, the domain in small Unicode letters.

    Raises InvalidEmail where it is not well-formed; nothing is looked up in the DNS.
    """
    try:
        return email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError as error:
        raise InvalidEmail(str(error)) from None


def spellings(address: str) -> tuple[str, str]:
    """How the address of an account may be stored: in its normal form, or as typed before there was one."""
    try:
        return normal_email(address), address
    except InvalidEmail:
        return address, address
