"""Every query about channels."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.channels.rules import KEPT_DAYS, Kind, Picture
from matinee.modules.channels.schemas import ChannelChange
from matinee.modules.counts.channels import OF_ACCOUNT
from matinee.modules.videos.access import PUBLISHED


class ChannelRow(msgspec.Struct, frozen=True):
    """An account that is not shut out, with what it shows."""

    id: UUID
    kind: Kind
    handle: str | None
    name: str
    description: str
    links: str
    """As JSON."""
    avatar: str | None
    banner: str | None
    """Versions."""
    subscribers: int
    videos: int
    created_at: datetime


class PublishedRow(msgspec.Struct, frozen=True):
    """A video that everybody is shown, by its place in a list."""

    id: UUID
    published_at: datetime


class WatchedRow(msgspec.Struct, frozen=True):
    """A video that everybody is shown, by its place among the most watched."""

    id: UUID
    popularity: int
    created_at: datetime


class WatchedPlace(Cursor, frozen=True, array_like=True):
    """A place among the most watched."""

    popularity: Annotated[int, Meta(ge=0, le=2**31 - 1)]


class PictureRow(msgspec.Struct, frozen=True):
    """A picture of a channel."""

    version: str
    jpeg: bytes


_ID_OF = "SELECT id FROM users WHERE id = %s AND shut_at IS NULL"
_ID_OF_HANDLE = """
SELECT u.id FROM handles h JOIN users u ON u.id = h.account_id
WHERE h.handle = %s AND (h.kept_until IS NULL OR h.kept_until > now()) AND u.shut_at IS NULL
"""
_FIND = f"""
SELECT u.id, u.kind, u.handle, u.name, coalesce(c.description, '') AS description,
    coalesce(c.links, '[]')::text AS links, a.version AS avatar, b.version AS banner, n.subscribers, n.videos,
    u.created_at
FROM users u LEFT JOIN channels c ON c.account_id = u.id
LEFT JOIN channel_pictures a ON a.account_id = u.id AND a.kind = 'avatar'
LEFT JOIN channel_pictures b ON b.account_id = u.id AND b.kind = 'banner'
{OF_ACCOUNT}
WHERE u.id = %s AND u.shut_at IS NULL
"""  # noqa: S608
_CHANGE = """
INSERT INTO channels AS c (account_id, description, links)
VALUES (%(account)s, coalesce(%(description)s::text, ''), coalesce(%(links)s::text::jsonb, '[]'))
ON CONFLICT (account_id) DO UPDATE SET description = coalesce(%(description)s::text, c.description),
    links = coalesce(%(links)s::text::jsonb, c.links)
"""
# Whoever changes a handle holds the account: of many at once each counts what the others have left.
_HOLD = "SELECT handle FROM users WHERE id = %s FOR NO KEY UPDATE"
# First taken, then the former one is let go: so whoever waits for a handle holds none that another waits for.
_TAKE = """
INSERT INTO handles AS h (handle, account_id) VALUES (%(handle)s, %(account)s)
ON CONFLICT (handle) DO UPDATE SET account_id = excluded.account_id, kept_until = NULL
WHERE h.account_id = excluded.account_id OR h.kept_until <= now()
RETURNING handle
"""
_LET_GO = """
UPDATE handles SET kept_until = now() + make_interval(days => %(days)s)
WHERE account_id = %(account)s AND kept_until IS NULL AND handle IS DISTINCT FROM %(handle)s
"""
_COUNT_KEPT = "SELECT count(*) FROM handles WHERE account_id = %s AND kept_until > now()"
_CALL = "UPDATE users SET handle = %s, updated_at = now() WHERE id = %s"
_DELETE_FORMER = """
DELETE FROM handles WHERE handle IN (
    SELECT handle FROM handles WHERE kept_until < now() ORDER BY kept_until LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_FIRST_FREE = """
SELECT c.handle FROM unnest(%s::text[]) WITH ORDINALITY AS c (handle, place)
WHERE NOT EXISTS (SELECT FROM handles h WHERE h.handle = c.handle AND (h.kept_until IS NULL OR h.kept_until > now()))
ORDER BY c.place LIMIT 1
"""
_LIST = f"SELECT v.id, v.published_at FROM videos v WHERE v.owner_id = %(channel)s AND {PUBLISHED}"  # noqa: S608
_AFTER = "AND (v.published_at, v.id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY v.published_at DESC, v.id DESC LIMIT %(limit)s"
# Views are counted each minute: what is sorted by them is written anew at each ninth more alone, as search has it.
_LIST_WATCHED = f"""
SELECT v.id, d.popularity, d.created_at FROM search_documents d JOIN videos v ON v.id = d.video_id
WHERE d.owner_id = %(channel)s AND d.is_listed AND v.owner_id = d.owner_id AND {PUBLISHED}
"""  # noqa: S608
_WATCHED_LESS = "AND (d.popularity, d.created_at, d.video_id) < (%(popularity)s, %(created_at)s, %(id)s)"
_MOST_WATCHED = "ORDER BY d.popularity DESC, d.created_at DESC, d.video_id DESC LIMIT %(limit)s"
_FIND_PICTURE = "SELECT version, jpeg FROM channel_pictures WHERE account_id = %s AND kind = %s"
_SET_PICTURE = """
INSERT INTO channel_pictures (account_id, kind, version, jpeg)
SELECT id, %(kind)s, %(version)s, %(jpeg)s FROM users WHERE id = %(channel)s AND shut_at IS NULL FOR KEY SHARE
ON CONFLICT (account_id, kind) DO UPDATE SET version = excluded.version, jpeg = excluded.jpeg
"""
_DROP_PICTURE = "DELETE FROM channel_pictures WHERE account_id = %s AND kind = %s"


async def find_id(db: Connection, account_id: UUID) -> UUID | None:
    """The account, where it is not shut out."""
    found: UUID | None = await fetch_value(db, _ID_OF, (account_id,))
    return found


async def find_id_of_handle(db: Connection, handle: str) -> UUID | None:
    """Whose handle it is, or was until lately; of nobody who is shut out."""
    found: UUID | None = await fetch_value(db, _ID_OF_HANDLE, (handle,))
    return found


async def find_channel(db: Connection, account_id: UUID) -> ChannelRow | None:
    """The channel of an account that is not shut out, in one round trip."""
    return await fetch_one(db, ChannelRow, _FIND, (account_id,))


async def change_channel(db: Connection, account_id: UUID, change: ChannelChange) -> None:
    """Changes what is set of description and links."""
    description = None if change.description is UNSET else change.description
    links = None if change.links is UNSET else msgspec.json.encode(change.links).decode()
    await execute(db, _CHANGE, {"account": account_id, "description": description, "links": links})


async def hold_account(db: Connection, account_id: UUID) -> str | None:
    """Nobody else changes its handle until the transaction ends; returns the present one."""
    handle: str | None = await fetch_value(db, _HOLD, (account_id,))
    return handle


async def take_handle(db: Connection, account_id: UUID, handle: str) -> bool:
    """Makes the handle the account's, which is held; False where it is another's, or kept for one."""
    return await fetch_value(db, _TAKE, {"handle": handle, "account": account_id}) is not None


async def call(db: Connection, account_id: UUID, handle: str | None) -> int:
    """Lets all others go than this one, which was taken, if any; returns how many former ones are kept."""
    await execute(db, _LET_GO, {"days": KEPT_DAYS, "account": account_id, "handle": handle})
    await execute(db, _CALL, (handle, account_id))
    return int(await fetch_value(db, _COUNT_KEPT, (account_id,)))


async def delete_former_handles(db: Connection, most: int) -> int:
    """Forgets handles that are kept for nobody any more; returns how many."""
    return await execute(db, _DELETE_FORMER, (most,))


async def find_free(db: Connection, handles: list[str]) -> str | None:
    """The first of the handles that nobody has."""
    handle: str | None = await fetch_value(db, _FIRST_FREE, (handles,))
    return handle


async def list_published(db: Connection, channel_id: UUID, limit: int, after: Cursor | None) -> list[PublishedRow]:
    """What a channel has published, the newest first; one more than `limit` where there is more."""
    params: dict[str, object] = {"channel": channel_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, PublishedRow, f"{_LIST} {_NEWEST}", params)
    params |= {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, PublishedRow, f"{_LIST} {_AFTER} {_NEWEST}", params)


async def list_most_watched(
    db: Connection, channel_id: UUID, limit: int, after: WatchedPlace | None
) -> list[WatchedRow]:
    """The same, the most watched first."""
    params: dict[str, object] = {"channel": channel_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, WatchedRow, f"{_LIST_WATCHED} {_MOST_WATCHED}", params)
    params |= {"popularity": after.popularity, "created_at": after.created_at, "id": after.id}
    return await fetch_all(db, WatchedRow, f"{_LIST_WATCHED} {_WATCHED_LESS} {_MOST_WATCHED}", params)


async def find_picture(db: Connection, channel_id: UUID, kind: Picture) -> PictureRow | None:
    """A picture of a channel."""
    return await fetch_one(db, PictureRow, _FIND_PICTURE, (channel_id, kind))


async def set_picture(db: Connection, channel_id: UUID, kind: Picture, version: str, jpeg: bytes) -> bool:
    """Puts a picture in the place of the former one; False where the account is shut out, or gone."""
    values = {"channel": channel_id, "kind": kind, "version": version, "jpeg": jpeg}
    return await execute(db, _SET_PICTURE, values) == 1


async def drop_picture(db: Connection, channel_id: UUID, kind: Picture) -> bool:
    """Removes a picture; False where there is none."""
    return await execute(db, _DROP_PICTURE, (channel_id, kind)) == 1
