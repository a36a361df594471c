"""Sessions: one device each, one family of refresh tokens. The only place that opens one or makes its tokens."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from msgspec.structs import asdict, replace

from matinee.common.database import Connection, Database
from matinee.common.errors import DomainError
from matinee.common.http.authentication import AccessTokens, Caller, EmailNotVerified
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, page_of
from matinee.common.http.rate_limits import tally
from matinee.modules import audit
from matinee.modules.auth import letters, repository
from matinee.modules.auth.devices import Device
from matinee.modules.auth.errors import (
    AccountClosed,
    AccountSuspended,
    InvalidCredentials,
    InvalidRefreshToken,
    RefreshRaced,
    RefreshTokenReplayed,
    SessionNotFound,
)
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.repository import Claim, Opened
from matinee.modules.auth.schemas import EndedWhy, Session, SessionPage, Tokens, User
from matinee.modules.teams.memberships import read_teams

log = structlog.get_logger()

_NOWHERE = "an unknown address"
MOST_SESSIONS = 100  # of an account; more: whoever signs in without end fills the table
_MOST_TOLD = 5  # new devices of an account, an hour
_TOKEN_BYTES = 32  # 256 bits: cannot be guessed, so a fast hash is enough to store it
# How a refresh token begins; of those that were made before cookies had the prefix `__Host-`, none does.
TOKEN_MARK = "mtr_"


class Sessions:
    """Opens, refreshes and ends the sessions of whoever has shown who he is."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        notices: Notices,
        *,
        refresh_days: int,
        rest: timedelta,
        longest: timedelta | None,
        wants_verified: bool,
        wants_second_factor: bool,
    ) -> None:
        """`rest` and `longest`: when a session is over that is not used, and one that is.

        `wants_verified`: whether an account's address must be verified to open one.
        `wants_second_factor`: whether an administrator is one only while he has a second factor.
        """
        self._database = database
        self._tokens = tokens
        self._notices = notices
        self._wants_verified = wants_verified
        self._wants_second_factor = wants_second_factor
        self._refresh_days = refresh_days
        self._rest = rest
        self._longest = longest

    async def open(
        self, db: Connection, user: User, device_name: str, device: Device, *, restore: bool = False
    ) -> Tokens:
        """A new session of the user on this device, in the role that is his now.

        Of too many the one ends that was used longest ago.
        `restore`: keep the account, where it was to be deleted. A letter tells of a device that is new to it. Raises
        AccountSuspended, AccountClosed and EmailNotVerified.
        """
        if restore:
            await self.restore(db, user.id)
        opened = await repository.open_session(db, user.id, device_name, device)
        if opened is None:
            raise await _shut_out(db, user.id)
        if self._wants_verified and not opened.email_verified:
            raise EmailNotVerified
        await audit.record(db, "session.opened", opened.id, account=user.id, by=user.id, device=device_name)
        if ended := await repository.end_longest_unused(db, user.id, MOST_SESSIONS):
            await audit.record(
                db, "account.sessions_ended", user.id, account=user.id, by=user.id, sessions=ended, why="too_many"
            )
        if not (opened.is_known or user.id in device.accounts):
            await self._tell_of_device(db, user.id, device)
        refresh_token = _new_token()
        await repository.issue_token(db, _hash(refresh_token), opened.id, self._refresh_days)
        return await self._answer(replace(user, role=opened.role), opened.id, opened, refresh_token)

    async def restore(self, db: Connection, user_id: UUID) -> None:
        """Keeps an account that was to be deleted: it gets sessions again. Any other stays as it is."""
        if await repository.restore(db, user_id):
            await audit.record(db, "account.restored", user_id, account=user_id, by=user_id)
            await self._notices.tell(db, user_id, letters.RESTORED)

    async def refresh(self, token: str, arrived: float, ip: str | None) -> Tokens:
        """Trades a refresh token for new tokens. A token that was used before ends its session.

        `arrived`: when the request came, in seconds since the epoch; whatever it had to wait for since is no fault
        of its sender (docs/decisions/0002-refresh-races-are-not-replays.md).
        """
        presented, following = _hash(token), _new_token()
        async with self._database.transaction() as db:
            claim = await repository.claim_token(db, presented, rest=self._rest, longest=self._longest)
            if claim is None:
                raise InvalidRefreshToken
            refused = _refusal(claim, datetime.fromtimestamp(arrived, UTC))
            if isinstance(refused, RefreshTokenReplayed):
                await self._end_replayed(db, claim, ip)
            elif refused is None and not await repository.spend_token(
                db, claim, presented, datetime.now(UTC), following=_hash(following), days=self._refresh_days, ip=ip
            ):
                refused = InvalidRefreshToken()
            if refused is None:
                # before the commit: where no token can be signed, the one that was presented stays good
                return await self._answer(claim.as_user(), claim.session_id, claim, following)
        # after the commit: the refusal must not undo the revocation
        raise refused

    async def end(self, db: Connection, token: str) -> None:
        """Ends the session of the refresh token; an unknown one is as good as ended."""
        ended = await repository.revoke_by_token(db, _hash(token))
        if ended is not None:
            await audit.record(db, "session.ended", ended.id, account=ended.user_id, by=ended.user_id)

    async def end_all(self, db: Connection, user_id: UUID, why: EndedWhy, *, kept: UUID | None = None) -> None:
        """Ends every session of the user, but the one that is kept."""
        ended = await repository.revoke_all(db, user_id, why, kept)
        await audit.record(db, "account.sessions_ended", user_id, account=user_id, sessions=ended, why=why)

    async def end_without_factor(self, db: Connection, user_id: UUID) -> None:
        """Signs out who has given up his last second factor, if he has been an administrator by it."""
        user = await repository.find_user(db, user_id) if self._wants_second_factor else None
        if user is not None and user.role == "ADMIN":
            await self.end_all(db, user_id, "role_changed")

    async def revoke(self, db: Connection, user_id: UUID, session_id: UUID) -> None:
        """Ends a session of the user; one that has ended stays as it is. Raises SessionNotFound."""
        if not await repository.revoke_own(db, session_id, user_id):
            raise SessionNotFound
        await audit.record(db, "session.ended", session_id, account=user_id)

    async def list_own(self, db: Connection, caller: Caller, query: PageQuery) -> SessionPage:
        """The caller's sessions, and those that were ended in the last week."""
        after = decode_cursor(query.cursor)
        rows = await repository.list_sessions(
            db, caller.user_id, query.limit, after, rest=self._rest, longest=self._longest
        )
        shown, cursor = page_of(rows, query.limit, creation)
        items = [Session(**asdict(row), is_current=row.id == caller.session_id) for row in shown]
        return SessionPage(items=items, next_cursor=cursor)

    async def _end_replayed(self, db: Connection, claim: Claim, ip: str | None) -> None:
        """Tells its user once: a token can be sent as often as one likes."""
        log.warning("refresh_token_replayed", session_id=claim.session_id)
        if not await repository.revoke_session(db, claim.session_id, "replay"):
            return
        await audit.record(db, "session.replayed", claim.session_id, account=claim.user_id)
        await self._notices.tell(db, claim.user_id, letters.REPLAYED, ip=ip or _NOWHERE)

    async def _tell_of_device(self, db: Connection, user_id: UUID, device: Device) -> None:
        """A few times an hour at most, for whoever knows the password can be a new device as often as he likes."""
        if await tally(db, f"new_device:{user_id}", 3600) <= _MOST_TOLD:
            await self._notices.tell(db, user_id, letters.NEW_DEVICE, ip=device.ip or _NOWHERE)

    async def _answer(self, user: User, session_id: UUID, found: Opened | Claim, refresh_token: str) -> Tokens:
        lacks = self._wants_second_factor and user.role == "ADMIN" and not found.has_second_factor
        caller = Caller(
            user.id,
            "USER" if lacks else user.role,
            session_id,
            teams=read_teams(found.teams),
            is_verified=found.email_verified,
            lacks_second_factor=lacks,
        )
        return Tokens(
            access_token=await self._tokens.issue(caller),
            expires_in=self._tokens.lifetime,
            refresh_token=refresh_token,
            user=user,
        )


async def _shut_out(db: Connection, user_id: UUID) -> DomainError:
    """Why an account gets no session."""
    shut = await repository.find_shut(db, user_id)
    if shut is None:
        return InvalidCredentials()
    if shut.suspended_why is None and shut.erase_at is not None:
        return AccountClosed(shut.erase_at)
    return AccountSuspended(shut.suspended_why)


def _refusal(claim: Claim, arrived: datetime) -> DomainError | None:
    """Why a token is not good, if it is not."""
    if claim.used_at is None:
        if not claim.is_alive:
            return InvalidRefreshToken()
        return None if claim.is_ours else RefreshRaced()
    return RefreshRaced() if claim.used_at >= arrived else RefreshTokenReplayed()


def _new_token() -> str:
    return TOKEN_MARK + secrets.token_urlsafe(_TOKEN_BYTES)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
