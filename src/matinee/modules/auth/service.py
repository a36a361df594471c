"""Decisions about signing in: credentials, sessions, rotation of refresh tokens."""

import hashlib
import secrets
from datetime import UTC, datetime
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
from matinee.modules.auth.repository import Claim
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
        normal_email(registration.email)
        return await self._passwords.hash(registration.password)

    async def register(self, db: Connection, registration: Register, password_hash: str, role: Role = "USER") -> User:
        """The new account; raises EmailTaken."""
        email = normal_email(registration.email)
        return await repository.insert_user(db, email, password_hash, registration.name, role)

    async def log_in(self, credentials: Login, ip: str | None) -> Tokens:
        """Opens a session; raises InvalidCredentials, after the same time for known and unknown addresses."""
        async with self._database.connection() as db:
            account = await repository.find_account(db, *spellings(credentials.email))
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

    async def refresh(self, token: str, arrived: float) -> Tokens:
        """Trades a refresh token for new tokens. A token that was used before ends its session.

        `arrived`: when the request came, in seconds since the epoch; whatever it had to wait for since is no fault
        of its sender (docs/decisions/0002-refresh-races-are-not-replays.md).
        """
        presented, following = _hash(token), _new_token()
        async with self._database.transaction() as db:
            claim = await repository.claim_token(db, presented)
            if claim is None:
                raise InvalidRefreshToken
            refused = _refusal(claim, datetime.fromtimestamp(arrived, UTC))
            if isinstance(refused, RefreshTokenReplayed):
                await repository.revoke_session(db, claim.session_id, "replay")
                log.warning("refresh_token_replayed", session_id=claim.session_id)
            elif refused is None and not await repository.spend_token(
                db, claim, presented, datetime.now(UTC), following=_hash(following), days=self.refresh_days
            ):
                refused = InvalidRefreshToken()
        if refused is not None:
            # raised after the commit: the refusal must not undo the revocation
            raise refused
        return self._answer(claim.as_user(), claim.session_id, following)

    async def log_out(self, db: Connection, token: str) -> None:
        """Ends the session of the token; an unknown one is as good as logged out."""
        await repository.revoke_by_token(db, _hash(token))

    async def log_out_everywhere(self, db: Connection, user_id: UUID) -> None:
        """Ends every session of the user."""
        await repository.revoke_all(db, user_id)

    async def _issue(self, db: Connection, session_id: UUID) -> str:
        token = _new_token()
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


def _refusal(claim: Claim, arrived: datetime) -> DomainError | None:
    """Why a token is not good, if it is not."""
    if claim.used_at is None:
        if not claim.is_alive:
            return InvalidRefreshToken()
        return None if claim.is_ours else RefreshRaced()
    return RefreshRaced() if claim.used_at >= arrived else RefreshTokenReplayed()


def _new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
