"""The keys that playback tokens are signed with and verified by, as long as they may be remembered."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from matinee.common.database import Database
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.resealing import SealedColumn
from matinee.common.keys.ring import Keys
from matinee.modules import audit
from matinee.modules.tokens import repository
from matinee.modules.tokens.repository import Algorithm, KeyRow

PrivateKey = Ed25519PrivateKey | RSAPrivateKey
PublicKey = Ed25519PublicKey | RSAPublicKey

LIFETIME = 10.0  # seconds; longer: what a deleted key has signed lives on, shorter: more reads
_REMEMBERED = 1_000
_RSA_BITS = 2048  # NIST SP 800-57: good until 2030; a verification takes 30 µs
_PURPOSE = b"matinee playback token keys"
TOKEN_KEYS = SealedColumn("signing_keys", "id", "private_key", _PURPOSE)


class Verifier(msgspec.Struct, frozen=True):
    """What a signature is verified with."""

    owner_id: UUID | None
    """Whose key it is; None: the server's."""
    algorithm: Algorithm
    key: PublicKey


class Signer(msgspec.Struct, frozen=True):
    """What the server signs with."""

    id: UUID
    algorithm: Algorithm
    key: PrivateKey


def new_key(algorithm: Algorithm) -> PrivateKey:
    """A new private key. One of RSA takes up to a second to find: not on the event loop."""
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.generate()
    return generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def public_bytes(key: PrivateKey) -> bytes:
    """What is stored of a key: the public half, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def private_pem(key: PrivateKey) -> str:
    """The private half as whoever is to sign with it gets it: PKCS #8, PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def verifier(row: KeyRow) -> Verifier:
    """The public half of a stored key."""
    key = load_der_public_key(row.public_key)
    assert isinstance(key, (Ed25519PublicKey, RSAPublicKey))
    return Verifier(row.owner_id, row.algorithm, key)


class KeyRing:
    """Keys by their id. What the database says is remembered for some seconds, also that it knows no such key."""

    def __init__(self, database: Database, keys: Keys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[float, Verifier | None]] = OrderedDict()
        self._signer: tuple[float, Signer] | None = None
        self._looking = asyncio.Lock()

    def known(self, key_id: UUID) -> Verifier | None:
        """A key that was read lately; None says nothing."""
        found = self._known.get(key_id)
        return None if found is None or self._is_old(found[0]) else found[1]

    async def find(self, key_id: UUID) -> Verifier | None:
        """The key of that id; None where there is none."""
        found = self._known.get(key_id)
        if found is not None and not self._is_old(found[0]):
            return found[1]
        read_at = self._clock()
        async with self._database.connection() as db:
            row = await repository.find_key(db, key_id)
        key = None if row is None else verifier(row)
        self._known.pop(key_id, None)
        self._known[key_id] = (read_at, key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return key

    async def signer(self) -> Signer:
        """The server's key, made where there is none that our keys open."""
        async with self._looking:  # whoever asks meanwhile finds it read
            if self._signer is None or self._is_old(self._signer[0]):
                read_at = self._clock()
                self._signer = (read_at, await self._opened() or await self.rotate())
            return self._signer[1]

    async def rotate(self) -> Signer:
        """Has another key sign from now on. What the former one has signed holds until it expires."""
        key = new_key("EdDSA")
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        sealed = await self._keys.seal(_PURPOSE, plain)
        async with self._database.transaction() as db:
            await repository.retire_server_key(db)
            key_id = uuid4()
            if await repository.insert_server_key(db, key_id, "server", "EdDSA", public_bytes(key), sealed):
                await audit.record(db, "server.signing_key_rotated", key_id)
        signer = await self._opened()  # another process may have been quicker
        assert signer is not None, "it was sealed with these keys"
        self._signer = (self._clock(), signer)
        return signer

    async def _opened(self) -> Signer | None:
        async with self._database.connection() as db:
            row = await repository.find_server_key(db)
        if row is None:
            return None
        if self._signer is not None and self._signer[1].id == row.id:  # what opens it may be away now
            return self._signer[1]
        try:
            opened = await self._keys.open(_PURPOSE, row.private_key)
        except NotOpenedError:  # its key is no longer here
            return None
        key = load_der_private_key(opened, None)
        assert isinstance(key, (Ed25519PrivateKey, RSAPrivateKey))
        return Signer(row.id, row.algorithm, key)

    def _is_old(self, read_at: float) -> bool:
        return self._clock() - read_at >= LIFETIME
