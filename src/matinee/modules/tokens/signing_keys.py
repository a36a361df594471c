"""Decisions about the keys that playback tokens are signed with: the server's, and those of accounts."""

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.modules import audit
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices
from matinee.modules.teams import service as teams
from matinee.modules.tokens import repository
from matinee.modules.tokens.errors import NoSuchSigningKey, TooManyKeys
from matinee.modules.tokens.keys import KeyRing, new_key, private_pem, public_bytes, verifier
from matinee.modules.tokens.repository import Algorithm, KeyRow
from matinee.modules.tokens.schemas import KeySet, NewlyMadeKey, SigningKey

MOST_KEYS = 10  # of an account


class SigningKeyService:
    """Signing keys."""

    def __init__(self, database: Database, keys: KeyRing, notices: Notices) -> None:
        self._database = database
        self._keys = keys
        self._notices = notices

    async def published(self) -> KeySet:
        """The server's public keys."""
        await self._keys.signer()
        async with self._database.connection() as db:
            return KeySet(keys=[_jwk(row) for row in await repository.list_server_keys(db)])

    async def rotate(self) -> UUID:
        """Has another key sign for the server; gives its id. What the former has signed holds until it expires."""
        return (await self._keys.rotate()).id

    async def list_keys(self, db: Connection, owner_id: UUID) -> list[SigningKey]:
        """The keys of an account."""
        return [_shown(row) for row in await repository.list_keys(db, owner_id)]

    async def add_key(
        self,
        changing: AbstractAsyncContextManager[Connection],
        caller: Caller,
        owner_id: UUID,
        name: str,
        algorithm: Algorithm,
    ) -> NewlyMadeKey:
        """A key for the caller, who is told, or a team of his, to sign with. `changing`: the transaction, not begun.

        Raises TooManyKeys, TeamNotFound and TeamRoleNeeded.
        """
        key = await asyncio.to_thread(new_key, algorithm)
        async with changing as db:
            if owner_id != caller.user_id:  # a key lasts: his role of this moment counts, not of a second ago
                await teams.hold(db, caller, owner_id)
            if not await repository.hold_owner(db, owner_id):
                raise Unauthenticated("This account no longer exists.")
            if await repository.count_keys(db, owner_id) >= MOST_KEYS:
                raise TooManyKeys
            row = await repository.insert_key(
                db, uuid4(), owner_id, caller.user_id, name, algorithm, public_bytes(key)
            )
            await audit.record(db, "signing_key.created", row.id, account=owner_id, name=name)
            await self._notices.tell(db, caller.user_id, letters.SIGNING_KEY_MADE)
        shown = msgspec.structs.asdict(_shown(row))
        return NewlyMadeKey(**shown, private_key=private_pem(key))

    async def delete_key(self, db: Connection, owner_id: UUID, key_id: UUID) -> None:
        """What it has signed opens nothing any more, within seconds. Raises NoSuchSigningKey."""
        if not await repository.delete_key(db, key_id, owner_id):
            raise NoSuchSigningKey
        await audit.record(db, "signing_key.deleted", key_id, account=owner_id)


def _jwk(row: KeyRow) -> dict[str, object]:
    key = verifier(row).key
    assert isinstance(key, Ed25519PublicKey), "the server makes no others"
    return {**OKPAlgorithm.to_jwk(key, as_dict=True), "kid": str(row.id), "alg": row.algorithm, "use": "sig"}


def _shown(row: KeyRow) -> SigningKey:
    return SigningKey(
        id=row.id, name=row.name, algorithm=row.algorithm, made_by=row.made_by, created_at=row.created_at
    )
