"""HTTP in and out of the keys that accounts sign playback tokens with."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.modules.auth.schemas import Proof
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.routes import GUARDED, PROOFS
from matinee.modules.teams.errors import NOT_ACTING
from matinee.modules.teams.rules import OWNERS, acting_for
from matinee.modules.tokens.errors import NoSuchSigningKey, TooManyKeys
from matinee.modules.tokens.routes import TAG
from matinee.modules.tokens.schemas import KeysQuery, NewlyMadeKey, NewSigningKey, SigningKeys
from matinee.modules.tokens.signing_keys import SigningKeyService

KEYS = "/api/v1/signing-keys"
KeyId = Annotated[UUID, Meta(description="The key's id.")]


class SigningKeyRoutes:
    """Operations on signing keys."""

    def __init__(self, keys: SigningKeyService, guard: Guard) -> None:
        self._keys = keys
        self._guard = guard

    @operation("GET", KEYS, tag=TAG, access=Access.PERSON, errors=NOT_ACTING)
    async def list_signing_keys(self, call: Call, db: Connection, query: KeysQuery) -> SigningKeys:
        """The keys that you, or a team whose owner you are, sign playback tokens with."""
        return SigningKeys(items=await self._keys.list_keys(db, acting_for(call.user, query.owner or None, OWNERS)))

    @operation(
        "POST",
        KEYS,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(*GUARDED, TooManyKeys, Unauthenticated, *NOT_ACTING),
        limit=PROOFS,
    )
    async def add_signing_key(self, call: Call, body: NewSigningKey) -> NewlyMadeKey:
        """Make a key to sign playback tokens with, by the password or a code.

        It is for your own server: the answer alone has its private half. What it signs opens your own videos, or the
        team's, that are public, unlisted or signed. To rotate, make another one, sign with it, and remove the former
        when its tokens have expired.
        """
        owner = acting_for(call.user, body.owner, OWNERS)
        changing = self._guard.changing(call.user, body)
        return await self._keys.add_key(changing, call.user, owner, body.name, body.algorithm)

    @operation(
        "POST",
        f"{KEYS}/{{key_id}}/remove",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, NoSuchSigningKey, *NOT_ACTING),
        limit=PROOFS,
    )
    async def remove_signing_key(self, call: Call, query: KeysQuery, key_id: KeyId, body: Proof) -> None:
        """Remove a key, by the password or a code.

        Within ten seconds nothing that it has signed opens anything.
        """
        owner = acting_for(call.user, query.owner or None, OWNERS)
        async with self._guard.changing(call.user, body) as db:
            await self._keys.delete_key(db, owner, key_id)
