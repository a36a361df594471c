"""Who guesses passwords waits longer each time; who knows his own does not wait for him.

Guesses are counted for an account *and* the network they come from. So a stranger slows down nobody but himself: the
owner signs in from elsewhere, and goes on where he is signed in. Guesses from many networks together are bounded by
the hour, for networks from which the account was never used.
"""

import hashlib
from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.errors import RateLimited
from matinee.common.http.call import subscriber_of
from matinee.common.http.rate_limits import RateLimit, count_hit
from matinee.modules.auth import guess_repository, repository

FREE = 5  # wrong guesses that cost nothing: fingers slip
LONGEST = 900  # seconds to wait for the next one
ANYWHERE = RateLimit("guesses", 100, 3600)  # OWASP ASVS 2.2.1


class Guessing:
    """Counts sign-ins before they are judged, and forgets those that were right."""

    def __init__(self, database: Database, *, limited: bool) -> None:
        self._database = database
        self._limited = limited

    async def begin(self, email: str, account: UUID | None, ip: str | None) -> None:
        """Raises RateLimited where the next guess must wait. The same for addresses that have no account."""
        if not self._limited:
            return
        async with self._database.connection() as db:
            guess = await guess_repository.make_guess(db, _bucket(email, ip), free=FREE, longest=LONGEST)
            is_known = account is not None and ip is not None and await repository.was_used_from(db, account, ip)
        if not guess.is_free:
            raise RateLimited(guess.seconds_left, {})
        if not is_known:
            await count_hit(self._database, ANYWHERE, _digest(email))

    async def succeed(self, db: Connection, email: str, ip: str | None) -> None:
        """The guess was right."""
        if self._limited:
            await guess_repository.forget_guesses(db, _bucket(email, ip))


def _bucket(email: str, ip: str | None) -> str:
    return f"{_digest(email)}:{subscriber_of(ip) if ip else ''}"


def _digest(email: str) -> str:
    """What is counted by: addresses that nobody has registered are not to be kept."""
    return hashlib.sha256(email.lower().encode()).hexdigest()
