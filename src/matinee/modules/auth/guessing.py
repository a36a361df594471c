"""Who guesses passwords waits longer each time; who knows his own does not wait for him.

Guesses are counted for an account *and* the network they come from, of IPv6 also the site that it is part of. So a
stranger slows down nobody but himself: the owner signs in from elsewhere, and goes on where he is signed in. Guesses
from many networks together are bounded by the hour, for those from which the account was never used. A browser that
has signed in to it before has guesses of its own, which nobody else can use up.
"""

import hashlib
from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.errors import RateLimited
from matinee.common.http.rate_limits import RateLimit, count_hit
from matinee.modules.auth import guess_repository, repository
from matinee.modules.auth.devices import Device

FREE = 5  # wrong guesses that cost nothing: fingers slip
FREE_OF_A_SITE = 20  # from all its networks. Fewer than those of the hour: it takes several sites to use them up
LONGEST = 900  # seconds to wait for the next one
ANYWHERE = RateLimit("guesses", 100, 3600)  # OWASP ASVS 2.2.1


class Guessing:
    """Counts sign-ins before they are judged, and forgets those that were right."""

    def __init__(self, database: Database, *, limited: bool) -> None:
        self._database = database
        self._limited = limited

    async def begin(self, email: str, account: UUID | None, device: Device) -> None:
        """Raises RateLimited where the next guess must wait. The same for addresses that have no account."""
        if not self._limited:
            return
        is_known = account in device.accounts
        async with self._database.connection() as db:
            for bucket, free in _buckets(email, account, device).items():
                guess = await guess_repository.make_guess(db, bucket, free=free, longest=LONGEST)
                if not guess.is_free:
                    raise RateLimited(guess.seconds_left, {})
            if not is_known and device.network is not None:  # asked of nobody, too: that takes as long
                is_known = await repository.was_used_from(db, account, device.network)
        if not is_known:
            await count_hit(self._database, ANYWHERE, _digest(email))

    async def succeed(self, db: Connection, email: str, account: UUID, device: Device) -> None:
        """The guess was right."""
        if self._limited:
            for bucket in _buckets(email, account, device):
                await guess_repository.forget_guesses(db, bucket)


def _buckets(email: str, account: UUID | None, device: Device) -> dict[str, int]:
    """What a guess is counted by, and how many of each are free."""
    digest = _digest(email)
    if account in device.accounts:
        return {f"{digest}:{device.id}": FREE}
    buckets = {f"{digest}:{device.network or ''}": FREE}
    return buckets if device.site is None else {**buckets, f"{digest}:{device.site}": FREE_OF_A_SITE}


def _digest(email: str) -> str:
    """What is counted by: addresses that nobody has registered are not to be kept."""
    return hashlib.sha256(email.lower().encode()).hexdigest()
