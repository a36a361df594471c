"""The server's keys together: the first seals and digests, all open and know again, so that they can be replaced."""

import base64
import hmac
import os
from collections.abc import Iterable, Iterator, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from matinee.common.keys.port import NotOpenedError, RootKey

_DOT = b"."
_SALT = 16  # bytes, random: no two things that are sealed share a key


class Digests:
    """Digests by the keys of one purpose (HMAC-SHA-256)."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = tuple(keys)

    def of(self, message: bytes) -> bytes:
        """The digest by the first key."""
        return hmac.digest(self._keys[0], message, "sha256")

    def by_each(self, message: bytes) -> Iterator[bytes]:
        """The digests by each key, any of which may be presented."""
        return (hmac.digest(key, message, "sha256") for key in self._keys)


class Keys:
    """Seals and opens by purpose (Fernet); gives keys of a purpose to who seals or digests in this process.

    What is sealed begins with the id of its root and has a key of its own: `2027a.{salt}.gAAAAA…`. By the root
    without an id it is `gAAAAA…`, as it always was.
    """

    def __init__(self, roots: Sequence[RootKey]) -> None:
        """`roots`: the first is the one in use."""
        self._first = roots[0]
        self._by_id = {root.id: root for root in roots}

    async def seal(self, purpose: bytes, plain: bytes) -> bytes:
        """ASCII that is opened for this purpose alone; raises KeysUnavailable."""
        if not self._first.id:
            return _fernet(await self._first.derive(purpose)).encrypt(plain)
        salt = base64.urlsafe_b64encode(os.urandom(_SALT))
        return self.mark + salt + _DOT + _fernet(await self._first.derive(purpose, salt)).encrypt(plain)

    async def open(self, purpose: bytes, sealed: bytes) -> bytes:
        """What was sealed, by whichever root; raises NotOpenedError and KeysUnavailable."""
        about, _, token = sealed.rpartition(_DOT)
        root_id, _, salt = about.partition(_DOT)
        root = self._by_id.get(root_id.decode("ascii", "replace"))
        if root is None:
            raise NotOpenedError
        try:
            return _fernet(await root.derive(purpose, salt)).decrypt(token)
        except InvalidToken:
            raise NotOpenedError from None

    @property
    def mark(self) -> bytes:
        """How everything begins that the first root seals; empty where it has no id."""
        return self._first.id.encode() + _DOT if self._first.id else b""

    async def derive(self, purpose: bytes, about: bytes) -> bytes:
        """A key of the first root's, for one thing of a purpose; raises KeysUnavailable."""
        return await self._first.derive(purpose, about)

    def derive_now(self, purpose: bytes, about: bytes) -> bytes:
        """The same, blocking."""
        return self._first.derive_now(purpose, about)

    def digests(self, purpose: bytes) -> Digests:
        """For what many requests want, and protects little. To be asked for when the process starts."""
        return Digests(self._each(purpose))

    def fernet(self, purpose: bytes) -> MultiFernet:
        """For what browsers carry. To be asked for when the process starts."""
        return MultiFernet(map(_fernet, self._each(purpose)))

    def _each(self, purpose: bytes) -> Iterator[bytes]:
        return (root.derive_now(purpose) for root in self._by_id.values())


def _fernet(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))
