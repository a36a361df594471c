"""Whose access has ended before his tokens expire: signed out, shut out, of another role in a team, his key revoked.

Tokens are verified without the database, so that requests cost it nothing. What has ended is little: each process
reads it once a second at most, when somebody comes with a token, and remembers it for as long as any token lasts.
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from matinee.common.clock import Clock
from matinee.common.database import Database
from matinee.common.http.authentication import Caller, TeamRole
from matinee.modules.auth import repository
from matinee.modules.teams.memberships import list_changes

LIFETIME = 1.0  # seconds; so long a token works at most after its session has ended
_BATCH = 1000
_FIRST = UUID(int=0)
# What ends later may be dated earlier, by the beginning of its transaction; none goes on for longer than this.
_LATE = timedelta(seconds=30)


class Endings:
    """What has ended while tokens of it may come: sessions, keys, accounts; `longest`: seconds that a token lasts."""

    def __init__(self, database: Database, *, longest: float, clock: Clock) -> None:
        self._database = database
        self._longest = timedelta(seconds=longest) + _LATE
        self._clock = clock
        # Sessions and keys by their end, roughly: the first to end come first.
        self._ended: dict[UUID, datetime] = {}
        self._accounts: frozenset[UUID] = frozenset()
        self._roles: Mapping[UUID, Mapping[UUID, TeamRole | None]] = {}  # by user and team, where they have changed
        self._looked_at = -math.inf
        self._looking = asyncio.Lock()

    async def has_access(self, caller: Caller) -> bool:
        """Whether who signed in still is, and may be."""
        while not self._is_fresh():
            async with self._looking:  # whoever comes meanwhile waits for the same look
                if not self._is_fresh():
                    await self._look()
        return self._is_let_in(caller)

    def is_known_to_have_access(self, caller: Caller) -> bool:
        """The same where it needs no look; False says nothing."""
        return self._is_fresh() and self._is_let_in(caller)

    def _is_fresh(self) -> bool:
        return 0 <= self._clock() - self._looked_at < LIFETIME

    def _is_let_in(self, caller: Caller) -> bool:
        key = caller.key
        if caller.session_id in self._ended or caller.user_id in self._accounts or (key and key.id in self._ended):
            return False
        # API keys themselves are asked about their teams every few seconds
        if not caller.teams or (key and not key.is_exchanged):
            return True
        # Whoever is refused for his teams fetches other tokens, and they say what he is.
        roles = self._roles.get(caller.user_id, {})
        return self._accounts.isdisjoint(caller.teams) and all(
            roles.get(team, role) == role for team, role in caller.teams.items()
        )

    async def _look(self) -> None:
        began = self._clock()
        oldest = datetime.fromtimestamp(began, UTC) - self._longest
        last = next(reversed(self._ended.values()), oldest)
        since, after = max(oldest, last - _LATE), _FIRST
        async with self._database.connection() as db:
            while True:
                ended = await repository.list_ended(db, since, after, _BATCH)
                for each in ended:
                    self._ended.setdefault(each.id, each.revoked_at)
                if len(ended) < _BATCH:
                    break
                since, after = ended[-1].revoked_at, ended[-1].id
            self._accounts = frozenset(await repository.list_shut(db, oldest))
            self._roles = await list_changes(db, oldest)
        while self._ended and next(iter(self._ended.values())) < oldest:
            del self._ended[next(iter(self._ended))]
        self._looked_at = began
