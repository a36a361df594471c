"""Whose an API key is: the database is asked every few seconds, memory between, so that cells cost it nothing.

A key that has not worked here lately is looked up, too, but of such keys no address may bring many: whoever makes
keys up is refused without a look.
"""

import math
from collections import OrderedDict

import msgspec

from matinee.common.clock import Clock
from matinee.common.database import Database
from matinee.common.errors import RateLimited
from matinee.common.http.authentication import ApiKeyUsed, Caller, InvalidApiKey
from matinee.modules.api_keys import repository
from matinee.modules.api_keys.repository import WorkingKey
from matinee.modules.api_keys.rules import hash_of, is_well_formed
from matinee.modules.teams.memberships import read_teams

REMEMBERED_SECONDS = 5.0  # so long at most works what was revoked: a key, an account, a team
_REMEMBERED = 10_000  # keys and addresses; ~1 kB each

MOST_UNKNOWN = 60  # keys that do not work, of an address and in a window, for each process
UNKNOWN_SECONDS = 60


class _Known(msgspec.Struct, frozen=True):
    """What the database said of a key that works, and when."""

    caller: Caller
    asked_at: float


class ApiKeys:
    """Verifies the keys that requests carry: `common.http.authentication.KeyVerifier`."""

    def __init__(self, database: Database, *, clock: Clock, limited: bool = True) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()  # by hash: no secret is kept
        self._unknown = _Unknown(MOST_UNKNOWN if limited else math.inf)

    async def verify(self, secret: str, client: str) -> Caller:
        """The user whose key it is, never with an administrator's role; raises InvalidApiKey and RateLimited."""
        if not is_well_formed(secret):
            raise InvalidApiKey("This is no whole API key; send it as it was shown when it was made.")
        secret_hash = hash_of(secret)
        known, now = self._known.get(secret_hash), self._clock()
        if known is None:
            known = await self._meet(secret_hash, client, now)
        elif not 0 <= now - known.asked_at < REMEMBERED_SECONDS:
            known = await self._ask(secret_hash, now)
        if known is None or known.caller.expires_at <= now:
            raise InvalidApiKey
        return known.caller

    async def _meet(self, secret_hash: bytes, client: str, now: float) -> _Known | None:
        """Asks for a key that is new here. It counts as one that does not work until it is known to."""
        self._unknown.count(client, now)
        is_unknown = False
        try:
            known = await self._ask(secret_hash, now)
            is_unknown = known is None
        finally:
            if not is_unknown:
                self._unknown.forgive(client)
        return known

    async def _ask(self, secret_hash: bytes, now: float) -> _Known | None:
        async with self._database.connection() as db:
            key = await repository.use_key(db, secret_hash)
        self._known.pop(secret_hash, None)
        if key is None:
            return None
        known = self._known[secret_hash] = _known(key, now)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


class _Unknown:
    """How many keys that do not work each address has brought within a window."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()  # and when its window ends

    def count(self, client: str, now: float) -> None:
        """Counts one; raises RateLimited past the limit."""
        count, end = self._counts.get(client, (0, now))
        if end <= now:
            self._counts.pop(client, None)  # to the end of the line
            count, end = 0, now + UNKNOWN_SECONDS
        if count >= self._most:
            raise RateLimited(math.ceil(end - now), {})
        self._counts[client] = count + 1, end
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def forgive(self, client: str) -> None:
        """Takes one back."""
        count, end = self._counts.get(client, (0, 0.0))
        if count > 0:
            self._counts[client] = count - 1, end


def _known(key: WorkingKey, now: float) -> _Known:
    expires_at = math.inf if key.expires_at is None else key.expires_at.timestamp()
    used = ApiKeyUsed(key.id, frozenset(key.scopes))
    teams = read_teams(key.teams)
    caller = Caller(key.user_id, "USER", None, used, expires_at, teams, is_verified=key.email_verified)
    return _Known(caller, now)
