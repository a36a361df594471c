"""Keys that are secrets of the environment: this process holds them."""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# What the secret without an id is used for in ways of its own, so that what it has given out stays good. Whatever
# follows from these names what it is about.
_EXTRACTED = frozenset({b"matinee content keys", b"matinee embed page"})
_BARE = frozenset({b"matinee upload addresses", b"matinee viewers", b"matinee fingerprints"})


class SecretKey:
    """A secret as a root key, by HKDF with SHA-256."""

    def __init__(self, secret: str, key_id: str = "") -> None:
        self._secret = secret.encode()
        self.id = key_id

    async def derive(self, purpose: bytes, about: bytes = b"") -> bytes:
        return self.derive_now(purpose, about)

    def derive_now(self, purpose: bytes, about: bytes = b"") -> bytes:
        if not self.id and purpose in _BARE:
            return self._secret
        if not self.id and purpose in _EXTRACTED:
            return hmac.digest(purpose, self._secret, "sha256")
        info = purpose + b"\0" + about if about else purpose
        return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(self._secret)


class SecretTokenKey:
    """A secret that signs access tokens, and verifies them."""

    algorithm = "HS256"

    def __init__(self, secret: str) -> None:
        self.verifier = secret.encode()

    async def sign(self, message: bytes) -> bytes:
        return hmac.digest(self.verifier, message, "sha256")
