"""Every query about playlists."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.playlists.rules import GAP, Kind, Visibility
from matinee.modules.playlists.schemas import NewPlaylist, PlaylistChange
from matinee.modules.videos.repository import OWNER


class PlaceCursor(Cursor, frozen=True, array_like=True):
    """An item that a page of a playlist begins behind, or ends before."""

    place: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    backward: bool


class PlaylistRow(msgspec.Struct, frozen=True):
    """A playlist with its owner's channel."""

    id: UUID
    owner_id: UUID
    owner_name: str
    owner_handle: str | None
    owner_avatar: str | None
    kind: Kind
    title: str
    description: str
    visibility: Visibility
    items: int
    created_at: datetime
    updated_at: datetime
    is_withheld: bool
    first_videos: list[UUID]
    """One of them has its poster."""


class OwnRow(PlaylistRow, frozen=True):
    """A playlist with the item that holds a video."""

    item_id: UUID | None


class ItemRow(msgspec.Struct, frozen=True):
    """An item."""

    id: UUID
    video_id: UUID
    place: int
    added_at: datetime


class Neighbours(msgspec.Struct, frozen=True):
    """The places around one that is wanted; None: the end of the list."""

    low: int | None
    high: int | None


_COLUMNS = f"""
p.id, p.owner_id, {OWNER}, p.kind, p.title, p.description, p.visibility,
p.items, p.created_at, p.updated_at, u.shut_at IS NOT NULL AS is_withheld,
ARRAY(SELECT i.video_id FROM playlist_items i WHERE i.playlist_id = p.id ORDER BY i.place LIMIT 5) AS first_videos
"""  # noqa: S608
_FROM = "FROM playlists p JOIN users u ON u.id = p.owner_id"
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE p.id = %s"
_HOLDING = """
(SELECT i.id FROM playlist_items i WHERE i.playlist_id = p.id AND i.video_id = %(video)s::uuid) AS item_id
"""
_OWN = f"SELECT {_COLUMNS}, {_HOLDING} {_FROM} WHERE p.owner_id = %(owner)s"
_PUBLIC = f"""
SELECT {_COLUMNS} {_FROM} WHERE p.owner_id = %(owner)s AND p.visibility = 'public' AND u.shut_at IS NULL
"""
_NEWEST = "ORDER BY p.updated_at DESC, p.id DESC LIMIT %(limit)s"
_BEFORE = "AND (p.updated_at, p.id) < (%(updated_at)s, %(id)s)"
# Who makes a playlist holds the account: of many at once each counts what the others have made.
_LOCK_OWNER = "SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM playlists WHERE owner_id = %s AND kind = 'list'"
_INSERT = """
INSERT INTO playlists (owner_id, title, description, visibility) VALUES (%s, %s, %s, %s) RETURNING id
"""
_CHANGE = """
UPDATE playlists SET title = coalesce(%(title)s, title), description = coalesce(%(description)s, description),
    visibility = coalesce(%(visibility)s, visibility), updated_at = now()
WHERE id = %(playlist)s
"""
_DELETE = "DELETE FROM playlists WHERE id = %s"
_DELETE_SOME = "DELETE FROM playlists WHERE id IN (SELECT id FROM playlists WHERE owner_id = %s LIMIT %s)"
# Who arranges a playlist holds it: no two choose the same place, or number what the other moves.
_LOCK = "SELECT items FROM playlists WHERE id = %s FOR NO KEY UPDATE"

_ITEMS = "SELECT id, video_id, place, added_at FROM playlist_items WHERE playlist_id = %(playlist)s"
_FIND_ITEM = f"{_ITEMS} AND id = %(item)s"
_FIND_VIDEO = f"{_ITEMS} AND video_id = %(video)s"
_FIRST = "ORDER BY place LIMIT %(limit)s"
_ITEMS_BEHIND = "AND place > %(place)s ORDER BY place LIMIT %(limit)s"
_ITEMS_BEFORE = "AND place < %(place)s ORDER BY place DESC LIMIT %(limit)s"
_COUNT_BEFORE = "SELECT count(*) FROM playlist_items WHERE playlist_id = %s AND place < %s"
# What is moved leaves its own place first, so to say.
_OTHERS = "FROM playlist_items o WHERE o.playlist_id = %(playlist)s AND o.id IS DISTINCT FROM %(item)s::uuid"
_OF_ANCHOR = "FROM playlist_items a WHERE a.playlist_id = %(playlist)s AND a.id = %(anchor)s"
_AT_END = f"SELECT (SELECT max(o.place) {_OTHERS}) AS low, NULL::bigint AS high"
_BEFORE_ANCHOR = f"SELECT (SELECT max(o.place) {_OTHERS} AND o.place < a.place) AS low, a.place AS high {_OF_ANCHOR}"
_BEHIND_ANCHOR = f"SELECT a.place AS low, (SELECT min(o.place) {_OTHERS} AND o.place > a.place) AS high {_OF_ANCHOR}"
_RENUMBER = """
UPDATE playlist_items i SET place = n.number * %(gap)s
FROM (SELECT id, row_number() OVER (ORDER BY place) AS number
    FROM playlist_items WHERE playlist_id = %(playlist)s) n
WHERE i.id = n.id
"""
_ADD = "INSERT INTO playlist_items (playlist_id, video_id, place) VALUES (%s, %s, %s)"
_MOVE = "UPDATE playlist_items SET place = %s WHERE id = %s"
_REMOVE = "DELETE FROM playlist_items WHERE playlist_id = %s AND id = %s"
# The playlists first, as whoever arranges one; those that somebody holds have their turn the next time.
_REMOVE_DELETED = """
WITH gone AS (
    SELECT i.id, i.playlist_id FROM videos v JOIN playlist_items i ON i.video_id = v.id
    WHERE v.deleted_at IS NOT NULL LIMIT %s
), held AS (
    SELECT id FROM playlists WHERE id IN (SELECT playlist_id FROM gone) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
DELETE FROM playlist_items WHERE id IN (SELECT g.id FROM gone g JOIN held h ON h.id = g.playlist_id)
"""


async def find_playlist(db: Connection, playlist_id: UUID) -> PlaylistRow | None:
    """A playlist."""
    return await fetch_one(db, PlaylistRow, _FIND, (playlist_id,))


async def list_own(
    db: Connection, owner_id: UUID, video_id: UUID | None, limit: int, after: Cursor | None
) -> list[OwnRow]:
    """An account's playlists, the last changed first; one more than `limit` where there are more."""
    params = {"owner": owner_id, "video": video_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, OwnRow, f"{_OWN} {_NEWEST}", params)
    place = {"updated_at": after.created_at, "id": after.id}
    return await fetch_all(db, OwnRow, f"{_OWN} {_BEFORE} {_NEWEST}", {**params, **place})


async def list_public(db: Connection, owner_id: UUID, limit: int, after: Cursor | None) -> list[PlaylistRow]:
    """What an account shows everybody, the last changed first; one more than `limit` where there are more."""
    params = {"owner": owner_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, PlaylistRow, f"{_PUBLIC} {_NEWEST}", params)
    place = {"updated_at": after.created_at, "id": after.id}
    return await fetch_all(db, PlaylistRow, f"{_PUBLIC} {_BEFORE} {_NEWEST}", {**params, **place})


async def hold_owner(db: Connection, owner_id: UUID) -> bool:
    """The account makes no other until the transaction ends; False where there is none."""
    return await fetch_value(db, _LOCK_OWNER, (owner_id,)) is not None


async def count_playlists(db: Connection, owner_id: UUID) -> int:
    """How many an account has made that is held."""
    return int(await fetch_value(db, _COUNT, (owner_id,)))


async def insert_playlist(db: Connection, owner_id: UUID, new: NewPlaylist) -> UUID:
    """The id of a new playlist."""
    made: UUID = await fetch_value(db, _INSERT, (owner_id, new.title, new.description, new.visibility))
    return made


async def change_playlist(db: Connection, playlist_id: UUID, change: PlaylistChange) -> None:
    """Changes the fields that are set."""
    fields = msgspec.structs.asdict(change)
    values = {name: None if value is UNSET else value for name, value in fields.items()}
    await execute(db, _CHANGE, {**values, "playlist": playlist_id})


async def delete_playlist(db: Connection, playlist_id: UUID) -> None:
    """Deletes it with all that is in it."""
    await execute(db, _DELETE, (playlist_id,))


async def delete_some_playlists(db: Connection, owner_id: UUID, most: int) -> int:
    """Deletes so many of an account's playlists, whatever their kind; returns how many."""
    return await execute(db, _DELETE_SOME, (owner_id, most))


async def lock_playlist(db: Connection, playlist_id: UUID) -> int | None:
    """How many items it has, and nobody else arranges it until the transaction ends; None where it is gone."""
    items: int | None = await fetch_value(db, _LOCK, (playlist_id,))
    return items


async def find_item(db: Connection, playlist_id: UUID, item_id: UUID) -> ItemRow | None:
    """An item of the playlist."""
    return await fetch_one(db, ItemRow, _FIND_ITEM, {"playlist": playlist_id, "item": item_id})


async def find_video(db: Connection, playlist_id: UUID, video_id: UUID) -> ItemRow | None:
    """The item that holds the video."""
    return await fetch_one(db, ItemRow, _FIND_VIDEO, {"playlist": playlist_id, "video": video_id})


async def list_first(db: Connection, playlist_id: UUID, limit: int) -> list[ItemRow]:
    """What the playlist begins with."""
    return await fetch_all(db, ItemRow, f"{_ITEMS} {_FIRST}", {"playlist": playlist_id, "limit": limit})


async def list_behind(db: Connection, playlist_id: UUID, place: int, limit: int) -> list[ItemRow]:
    """What follows a place."""
    params = {"playlist": playlist_id, "place": place, "limit": limit}
    return await fetch_all(db, ItemRow, f"{_ITEMS} {_ITEMS_BEHIND}", params)


async def list_before(db: Connection, playlist_id: UUID, place: int, limit: int) -> list[ItemRow]:
    """What comes before a place, in the playlist's order."""
    params = {"playlist": playlist_id, "place": place, "limit": limit}
    return (await fetch_all(db, ItemRow, f"{_ITEMS} {_ITEMS_BEFORE}", params))[::-1]


async def count_before(db: Connection, playlist_id: UUID, place: int) -> int:
    """How many items come before a place."""
    return int(await fetch_value(db, _COUNT_BEFORE, (playlist_id, place)))


async def find_neighbours(
    db: Connection, playlist_id: UUID, item_id: UUID | None, before: UUID | None, after: UUID | None
) -> Neighbours | None:
    """Between what the item, or a new one, is to stand; None where what it is to stand beside is not there."""
    statement = _BEFORE_ANCHOR if before else _BEHIND_ANCHOR if after else _AT_END
    params = {"playlist": playlist_id, "item": item_id, "anchor": before or after}
    return await fetch_one(db, Neighbours, statement, params)


async def renumber(db: Connection, playlist_id: UUID) -> None:
    """Gives all items other places, in the same order, with gaps between."""
    await execute(db, _RENUMBER, {"playlist": playlist_id, "gap": GAP})


async def add_item(db: Connection, playlist_id: UUID, video_id: UUID, place: int) -> None:
    """Puts a video in that is not there."""
    await execute(db, _ADD, (playlist_id, video_id, place))


async def move_item(db: Connection, item_id: UUID, place: int) -> None:
    """Gives an item another place."""
    await execute(db, _MOVE, (place, item_id))


async def remove_item(db: Connection, playlist_id: UUID, item_id: UUID) -> bool:
    """Takes an item out; False where it is not there."""
    return await execute(db, _REMOVE, (playlist_id, item_id)) == 1


async def remove_deleted(db: Connection, most: int) -> int:
    """Takes deleted videos out of all playlists; returns how many items."""
    return await execute(db, _REMOVE_DELETED, (most,))
