"""Whose an API key is: the database is asked every few seconds, memory between, so that cells cost it nothing."""

import math
from collections import OrderedDict

import msgspec

from matinee.common.clock import Clock
from matinee.common.database import Database
from matinee.common.http.authentication import ApiKeyUsed, Caller, InvalidApiKey
from matinee.modules.api_keys import repository
from matinee.modules.api_keys.repository import WorkingKey
from matinee.modules.api_keys.rules import hash_of, is_well_formed

REMEMBERED_SECONDS = 5.0  # a revoked key, or one of a deleted account, works for so long at most
_REMEMBERED = 10_000  # keys; ~1 kB each


class _Known(msgspec.Struct, frozen=True):
    """What the database said of a key, and when."""

    caller: Caller | None  # None: it does not work
    expiry: float
    asked_at: float


class ApiKeys:
    """Verifies the keys that requests carry: `common.http.authentication.KeyVerifier`."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()  # by hash: no secret is kept

    async def verify(self, secret: str) -> Caller:
        """The user whose key it is, never with an administrator's role; raises InvalidApiKey."""
        if not is_well_formed(secret):
            raise InvalidApiKey("This is no whole API key; send it as it was shown when it was made.")
        secret_hash = hash_of(secret)
        known, now = self._known.get(secret_hash), self._clock()
        if known is None or not 0 <= now - known.asked_at < REMEMBERED_SECONDS:
            known = await self._ask(secret_hash, now)
        if known.caller is None or known.expiry <= now:
            raise InvalidApiKey
        return known.caller

    async def _ask(self, secret_hash: bytes, now: float) -> _Known:
        async with self._database.connection() as db:
            key = await repository.use_key(db, secret_hash)
        known = _Known(None, math.inf, now) if key is None else _known(key, now)
        self._known[secret_hash] = known
        self._known.move_to_end(secret_hash)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


def _known(key: WorkingKey, now: float) -> _Known:
    caller = Caller(key.user_id, "USER", None, ApiKeyUsed(key.id, frozenset(key.scopes)))
    return _Known(caller, math.inf if key.expires_at is None else key.expires_at.timestamp(), now)
