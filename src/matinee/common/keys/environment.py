"""Keys that follow from a secret of the environment: this process holds them."""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from matinee.common.keys.port import NotOpenedError

# What the secret without an id is used for in ways of its own, so that what it has given out stays good.
_EXTRACTED = frozenset({b"matinee content keys", b"matinee embed page"})
_BARE = frozenset({b"matinee upload addresses", b"matinee viewers", b"matinee fingerprints"})


class SecretKey:
    """A secret as a root key: seals by Fernet (AES-128-CBC, HMAC-SHA-256), derives by HKDF with SHA-256."""

    def __init__(self, secret: str, key_id: str = "") -> None:
        self._secret = secret.encode()
        self.id = key_id

    async def seal(self, purpose: bytes, plain: bytes) -> bytes:
        return self._fernet(purpose).encrypt(plain)

    async def open(self, purpose: bytes, sealed: bytes) -> bytes:
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken:
            raise NotOpenedError from None

    def data_key(self, purpose: bytes) -> bytes:
        if not self.id and purpose in _BARE:
            return self._secret
        if not self.id and purpose in _EXTRACTED:
            return hmac.digest(purpose, self._secret, "sha256")
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(self._secret)

    def _fernet(self, purpose: bytes) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.data_key(purpose)))
