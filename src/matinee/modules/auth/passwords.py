"""Password hashing: Argon2id off the event loop, a few at a time, so that a login storm slows logins alone."""

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import argon2

from matinee.modules.auth.strength import judge

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 passes, 1 lane; about 25 ms a hash. A change of these
# re-hashes each password at its owner's next login.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
Pepper = Callable[[bytes], bytes]

_BEGINS = "$argon2"  # a hash in the PHC format; what stands before it is the pepper's id


def pepper_of(secret: str) -> Pepper:
    """A secret of the settings as a pepper (HMAC-SHA-256)."""
    return partial(hmac.digest, secret.encode(), digest="sha256")


class Passwords:
    """Hashes and verifies; at most `parallelism` at once in this process.

    `peppers` are keyed digests by id, the first of which goes into new hashes, its id in front:
    `2026a$argon2id$v=19$…`. A hash without one has nothing in front.
    """

    def __init__(self, *, parallelism: int, peppers: Mapping[str, Pepper] | None = None) -> None:
        self._peppers = peppers or {}
        self._pepper = next(iter(self._peppers), "")
        self._hasher = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(parallelism, thread_name_prefix="argon2")
        # verified when the account is unknown, so that the answer takes as long as for a known one
        self._decoy = self._hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        """The hash in the PHC format, with its parameters and salt, behind the pepper's id."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; takes the same time for an unknown account (None)."""
        loop = asyncio.get_running_loop()
        fits = await loop.run_in_executor(self._threads, self._verify, stored or self._decoy, password)
        return fits and stored is not None

    async def ensure_strong(self, password: str, about: Sequence[str], *, field: str) -> None:
        """Raises WeakPassword for the field where it is easily guessed by who knows what is `about` its owner."""
        judging = partial(judge, password, about, field=field)
        await asyncio.get_running_loop().run_in_executor(self._threads, judging)

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters or another pepper than today's."""
        pepper, _, _ = stored.partition(_BEGINS)
        return pepper != self._pepper or self._hasher.check_needs_rehash(stored.removeprefix(pepper))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hash(self, password: str) -> str:
        return self._pepper + self._hasher.hash(self._peppered(password, self._pepper))

    def _peppered(self, password: str, pepper: str) -> bytes:
        """What is hashed; of a pepper that was dropped nothing fits any more."""
        digest = self._peppers.get(pepper)
        return password.encode() if digest is None else digest(password.encode())

    def _verify(self, stored: str, password: str) -> bool:
        pepper, _, _ = stored.partition(_BEGINS)
        try:
            return self._hasher.verify(stored.removeprefix(pepper), self._peppered(password, pepper))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
