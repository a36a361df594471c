"""HTTP in and out of API keys."""

from matinee.common.database import Connection
from matinee.common.http.authentication import InvalidApiKey
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.api_keys import service
from matinee.modules.api_keys.errors import ApiKeyNotFound, TooManyApiKeys
from matinee.modules.api_keys.exchange import KeyExchange
from matinee.modules.api_keys.schemas import ApiKeyPage, CreatedApiKey, KeyId, KeyToExchange, KeyToken, NewApiKey
from matinee.modules.auth.notices import Notices
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.routes import GUARDED, PROOFS

TAG = "api keys"
BASE = "/api/v1/api-keys"


class ApiKeyRoutes:
    """Operations on the signed-in user's API keys."""

    def __init__(self, exchange: KeyExchange, guard: Guard, notices: Notices) -> None:
        self._exchange = exchange
        self._guard = guard
        self._notices = notices

    @operation(
        "POST",
        "/api/v1/auth/token",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidApiKey,),
        limit=RateLimit("key_token", 120, 60),
    )
    async def exchange_api_key(self, call: Call, body: KeyToExchange) -> KeyToken:
        """Exchange an API key for an access token.

        It does what the key does, for some minutes, and ends with it: where the key is revoked, within a second.
        """
        return await self._exchange.exchange(body.api_key, call.subscriber)

    # not idempotent: the answer is kept with its key, and this one has a secret in it
    @operation(
        "POST",
        BASE,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(*GUARDED, TooManyApiKeys),
        limit=PROOFS,
    )
    async def create_api_key(self, call: Call, body: NewApiKey) -> CreatedApiKey:
        """Make an API key, by the password or a code.

        A program that sends it acts as you, within its scopes; an administrator's key has no administrator's rights.
        The secret is in this answer and can never be seen again.
        """
        async with self._guard.changing(call.user, body) as db:
            return await service.create(db, self._notices, call.user.user_id, body)

    @operation("GET", BASE, tag=TAG, access=Access.PERSON, errors=(InvalidCursor,))
    async def list_api_keys(self, call: Call, db: Connection, query: PageQuery) -> ApiKeyPage:
        """The signed-in user's API keys, newest first.

        Expired and revoked ones are among them for thirty days.
        """
        return await service.list_own(db, call.user.user_id, query)

    @operation("DELETE", f"{BASE}/{{key_id}}", tag=TAG, access=Access.PERSON, errors=(ApiKeyNotFound,))
    async def revoke_api_key(self, call: Call, db: Connection, key_id: KeyId) -> None:
        """Revoke an API key.

        Within a second it is refused by every server, and so are access tokens that it was exchanged for.
        """
        await service.revoke(db, call.user.user_id, key_id)
