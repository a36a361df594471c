"""Decisions about API keys: making, listing and revoking them."""

from uuid import UUID, uuid4

from msgspec.structs import asdict

from matinee.common.database import Connection
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, page_of
from matinee.modules import audit
from matinee.modules.api_keys import repository
from matinee.modules.api_keys.errors import ApiKeyNotFound, TooManyApiKeys
from matinee.modules.api_keys.rules import MOST_KEYS, hash_of, new_secret, prefix_of
from matinee.modules.api_keys.schemas import ApiKey, ApiKeyPage, CreatedApiKey, NewApiKey
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices


async def create(db: Connection, notices: Notices, user_id: UUID, wanted: NewApiKey) -> CreatedApiKey:
    """A new key of an account that is held, whose owner is told; its secret is in this answer alone.

    Raises TooManyApiKeys.
    """
    if await repository.count_working(db, user_id) >= MOST_KEYS:
        raise TooManyApiKeys
    key_id = uuid4()
    secret = new_secret(key_id)
    row = await repository.insert_key(db, key_id, user_id, hash_of(secret), wanted)
    await audit.record(db, "api_key.created", key_id, account=user_id, name=row.name, scopes=row.scopes)
    await notices.tell(db, user_id, letters.API_KEY_MADE)
    return CreatedApiKey(**asdict(row), prefix=prefix_of(key_id), secret=secret)


async def list_own(db: Connection, user_id: UUID, query: PageQuery) -> ApiKeyPage:
    """A user's keys, newest first."""
    rows = await repository.list_keys(db, user_id, query.limit, decode_cursor(query.cursor))
    shown, cursor = page_of(rows, query.limit, creation)
    return ApiKeyPage(items=[ApiKey(**asdict(row), prefix=prefix_of(row.id)) for row in shown], next_cursor=cursor)


async def revoke(db: Connection, user_id: UUID, key_id: UUID) -> None:
    """Ends a key for good; one that was revoked before stays so. Raises ApiKeyNotFound."""
    if not await repository.revoke_key(db, key_id, user_id):
        raise ApiKeyNotFound
    await audit.record(db, "api_key.revoked", key_id, account=user_id)
