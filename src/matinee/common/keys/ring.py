"""The server's keys together: the first seals and digests, all open and know again, so that they can be replaced."""

import base64
import hmac
from collections.abc import Iterable, Iterator, Sequence

from cryptography.fernet import Fernet, MultiFernet

from matinee.common.keys.port import NotOpenedError, RootKey

_BEHIND_ID = b"."


class Digests:
    """Digests by the data keys of one purpose (HMAC-SHA-256)."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = tuple(keys)

    def of(self, message: bytes) -> bytes:
        """The digest by the first key."""
        return hmac.digest(self._keys[0], message, "sha256")

    def by_each(self, message: bytes) -> Iterator[bytes]:
        """The digests by each key, any of which may be presented."""
        return (hmac.digest(key, message, "sha256") for key in self._keys)


class Keys:
    """Seals, opens and digests by purpose. What is sealed has the id of its key in front: `2026a.gAAAAA…`."""

    def __init__(self, keys: Sequence[RootKey]) -> None:
        """`keys`: the first is the one in use."""
        self._first = keys[0]
        self._by_id = {key.id: key for key in keys}

    async def seal(self, purpose: bytes, plain: bytes) -> bytes:
        """ASCII that is opened for this purpose alone."""
        return self.mark + await self._first.seal(purpose, plain)

    async def open(self, purpose: bytes, sealed: bytes) -> bytes:
        """What was sealed, by whichever key; raises NotOpenedError."""
        key_id, _, rest = sealed.rpartition(_BEHIND_ID)
        key = self._by_id.get(key_id.decode("ascii", "replace"))
        if key is None:
            raise NotOpenedError
        return await key.open(purpose, rest)

    @property
    def mark(self) -> bytes:
        """How everything begins that the first key seals; empty where it has no id."""
        return self._first.id.encode() + _BEHIND_ID if self._first.id else b""

    def data_key(self, purpose: bytes) -> bytes:
        """The first key's for a purpose."""
        return self._first.data_key(purpose)

    def digests(self, purpose: bytes) -> Digests:
        """For what is asked for by the request, and protects little."""
        return Digests(self._data_keys(purpose))

    def fernet(self, purpose: bytes) -> MultiFernet:
        """Seals within this process, for what browsers carry."""
        return MultiFernet(Fernet(base64.urlsafe_b64encode(key)) for key in self._data_keys(purpose))

    def _data_keys(self, purpose: bytes) -> Iterator[bytes]:
        return (key.data_key(purpose) for key in self._by_id.values())
