"""Decisions about signing in: credentials, sessions, rotation of refresh tokens."""

import hashlib
import secrets
from uuid import UUID

import email_validator
import structlog

from matinee.common.database import Connection, Database
from matinee.common.errors import DomainError
from matinee.common.http.authentication import AccessTokens, Caller, Role
from matinee.modules.auth import repository
from matinee.modules.auth.errors import (
    InvalidCredentials,
    InvalidEmail,
    InvalidRefreshToken,
    RefreshRaced,
    RefreshTokenReplayed,
)
from matinee.modules.auth.passwords import Passwords
from matinee.modules.auth.schemas import Login, Register, Tokens, User

log = structlog.get_logger()

_TOKEN_BYTES = 32  # 256 bits: cannot be guessed, so a fast hash is enough to store it


class AuthService:
    """Accounts and their sessions."""

    def __init__(self, database: Database, passwords: Passwords, tokens: AccessTokens, *, refresh_days: int) -> None:
        self._database = database
        self._passwords = passwords
        self._tokens = tokens
        self.refresh_days = refresh_days

    async def prepare_registration(self, registration: Register) -> str:
        """The slow part, done before any connection is held: checks the address, returns the password's hash."""
        check_email(registration.email)
        return await self._passwords.hash(registration.password)

    async def register(self, db: Connection, registration: Register, password_hash: str, role: Role = "USER") -> User:
        """The new account; raises EmailTaken."""
        return await repository.insert_user(db, registration.email, password_hash, registration.name, role)

    async def log_in(self, credentials: Login, ip: str | None) -> Tokens:
        """Opens a session; raises InvalidCredentials, after the same time for known and unknown addresses."""
        async with self._database.connection() as db:
            account = await repository.find_account(db, credentials.email)
        stored = account.password_hash if account else None
        if not await self._passwords.verify(stored, credentials.password) or account is None:
            raise InvalidCredentials
        fresh_hash = None
        if self._passwords.is_outdated(account.password_hash):
            fresh_hash = await self._passwords.hash(credentials.password)
        async with self._database.transaction() as db:
            if fresh_hash is not None:
                await repository.replace_hash(db, account.id, account.password_hash, fresh_hash)
            session_id = await repository.open_session(db, account.id, credentials.device_name, ip)
            refresh_token = await self._issue(db, session_id)
        return self._answer(account.as_user(), session_id, refresh_token)

    async def refresh(self, token: str) -> Tokens:
        """Trades a refresh token for new tokens. A token that was used before ends its session."""
        async with self._database.transaction() as db:
            session = await repository.rotate_token(db, _hash(token))
            if session is None:
                refused = await self._refuse(db, _hash(token))
            else:
                refresh_token = await self._issue(db, session.session_id)
        if session is None:
            # raised after the commit: the refusal must not undo the revocation
            raise refused
        user = User(
            id=session.user_id,
            email=session.email,
            name=session.name,
            role=session.role,
            created_at=session.created_at,
        )
        return self._answer(user, session.session_id, refresh_token)

    async def log_out(self, db: Connection, token: str) -> None:
        """Ends the session of the token; an unknown one is as good as logged out."""
        await repository.revoke_by_token(db, _hash(token))

    async def log_out_everywhere(self, db: Connection, user_id: UUID) -> None:
        """Ends every session of the user."""
        await repository.revoke_all(db, user_id)

    async def _refuse(self, db: Connection, token_hash: bytes) -> DomainError:
        """Why a token was not good. A client that raced itself is told so; a replay ends the session."""
        known = await repository.find_token(db, token_hash)
        if known is None or not known.was_used:
            return InvalidRefreshToken()
        if known.used_meanwhile:
            return RefreshRaced()
        await repository.revoke_session(db, known.session_id, "replay")
        log.warning("refresh_token_replayed", session_id=known.session_id)
        return RefreshTokenReplayed()

    async def _issue(self, db: Connection, session_id: UUID) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await repository.issue_token(db, _hash(token), session_id, self.refresh_days)
        return token

    def _answer(self, user: User, session_id: UUID, refresh_token: str) -> Tokens:
        caller = Caller(user.id, user.role, session_id)
        return Tokens(
            access_token=self._tokens.issue(caller),
            expires_in=self._tokens.lifetime,
            refresh_token=refresh_token,
            user=user,
        )


def check_email(address: str) -> None:
    """Raises InvalidEmail where the address is not well-formed; nothing is looked up in the DNS."""
    try:
        email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        raise InvalidEmail(str(error)) from None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
