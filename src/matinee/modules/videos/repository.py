"""Every query about videos as such. Uploads, encoding and playback have their own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.encoding.service import STORED
from matinee.modules.videos.rules import Encryption, Status, Visibility, distinct_tags
from matinee.modules.videos.schemas import VideoChange


class VideoRow(msgspec.Struct, frozen=True):
    """A video that is not deleted, with its owner's channel."""

    id: UUID
    owner_id: UUID
    owner_name: str
    owner_handle: str | None
    owner_avatar: str | None
    title: str
    description: str
    tags: list[str]
    language: str
    visibility: Visibility
    encryption: Encryption
    status: Status
    filename: str
    filesize: int
    filetype: str
    imported_from: str | None
    duration: float | None
    width: int | None
    height: int | None
    failure_code: str | None
    failure_detail: str | None
    has_poster: bool
    chosen_poster: str | None
    placeholder: str | None
    has_storyboard: bool
    has_preview: bool
    created_at: datetime
    updated_at: datetime
    ready_at: datetime | None
    published_at: datetime | None
    edition: int
    viewers: list[UUID]
    password_id: UUID | None
    is_withheld: bool
    views: int


class DetailRow(VideoRow, frozen=True):
    """A video with what is stored of its renditions, as `EncodingService.describe` reads it."""

    stored: str
    duplicate_of: UUID | None
    fetched: str | None
    """An ImportProgress as JSON, while a file is fetched."""


# Of the account `u` that something belongs to.
OWNER = """
u.name AS owner_name, u.handle AS owner_handle,
(SELECT version FROM channel_pictures WHERE account_id = u.id AND kind = 'avatar') AS owner_avatar
""".strip()
_COLUMNS = f"""
v.id, v.owner_id, {OWNER}, v.title, v.description, v.tags, v.language, v.visibility, v.encryption, v.status,
v.filename, v.filesize, v.filetype, v.imported_from, v.duration, v.width, v.height, v.failure_code, v.failure_detail,
v.has_poster, v.chosen_poster,
coalesce(v.chosen_placeholder, v.placeholder) AS placeholder,
v.storyboard IS NOT NULL AS has_storyboard, v.has_preview, v.created_at, v.updated_at, v.ready_at,
v.published_at, v.edition, v.viewers, v.password_id, u.shut_at IS NOT NULL AS is_withheld,
coalesce(c.views, 0) AS views
"""
_FROM = "FROM videos v JOIN users u ON u.id = v.owner_id LEFT JOIN video_counts c ON c.video_id = v.id"
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE v.id = %s AND v.deleted_at IS NULL"
_FIND_SOME = f"SELECT {_COLUMNS} {_FROM} WHERE v.id = ANY(%s::uuid[]) AND v.deleted_at IS NULL"
_DUPLICATE_OF = """
(SELECT d.id FROM videos d
 WHERE d.id = v.duplicate_of AND d.owner_id = v.owner_id AND d.deleted_at IS NULL) AS duplicate_of
"""
# Only where there is any: a look at a video that plays does not pay for it.
_FETCHED = """
CASE WHEN v.status IN ('INITIATED', 'UPLOADING') AND v.imported_from IS NOT NULL THEN (
    SELECT json_build_object('received', received, 'length', length, 'trouble', trouble)::text
    FROM imports WHERE video_id = v.id) END
"""
_FIND_DETAIL = f"""
SELECT {_COLUMNS}, {STORED} AS stored, {_DUPLICATE_OF}, {_FETCHED} AS fetched {_FROM}
WHERE v.id = %s AND v.deleted_at IS NULL
"""
_NEWEST = "ORDER BY v.created_at DESC, v.id DESC LIMIT %(limit)s"
# The usual length stands in the text: behind an unknown LIMIT the planner expects a tenth of the table, and therefore
# plans anew each time, which takes as long as the page itself.
_USUAL_LIMIT = 20
_USUALLY_NEWEST = "ORDER BY v.created_at DESC, v.id DESC LIMIT 21"
_AFTER = "AND (v.created_at, v.id) < (%(created_at)s, %(id)s)"
_PUBLIC = f"""
SELECT {_COLUMNS} {_FROM}
WHERE v.deleted_at IS NULL AND v.visibility = 'public' AND v.status = 'READY' AND v.replaces IS NULL
    AND u.shut_at IS NULL
"""
_MINE = f"""
SELECT {_COLUMNS} {_FROM}
WHERE v.deleted_at IS NULL AND v.owner_id = %(owner)s AND v.replaces IS NULL AND v.fragment_of IS NULL
"""
_WITH_STATUS = "AND v.status = %(status)s"
_CHANGE = """
UPDATE videos SET title = coalesce(%(title)s, title), description = coalesce(%(description)s, description),
    tags = coalesce(%(tags)s::text[], tags), language = coalesce(%(language)s, language),
    visibility = coalesce(%(visibility)s::text, visibility), encryption = coalesce(%(encryption)s, encryption),
    updated_at = now(),
    password_hash = CASE WHEN %(visibility)s::text IS NULL THEN password_hash END,
    password_id = CASE WHEN %(visibility)s::text IS NULL THEN password_id END
WHERE id = %(video)s AND deleted_at IS NULL
"""
_FIND_OWNER = "SELECT owner_id FROM videos WHERE id = %s"
_MARK_DELETED = """
UPDATE videos SET deleted_at = now(), updated_at = now()
WHERE id = %s AND deleted_at IS NULL AND (fragment_of IS NULL OR fragment_of = id)
"""
_MARK_SOME_DELETED = """
UPDATE videos SET deleted_at = now(), updated_at = now() WHERE id IN (
    SELECT id FROM videos WHERE owner_id = %s AND deleted_at IS NULL ORDER BY id LIMIT %s FOR NO KEY UPDATE)
RETURNING id
"""
_IS_CLAIMED = "SELECT 1 FROM videos WHERE id = %s AND fragment_of <> id AND deleted_at IS NULL"
_DROP_FRAGMENTS = """
UPDATE videos SET deleted_at = now(), updated_at = now()
WHERE fragment_of = ANY(%(videos)s::uuid[]) AND fragment_of <> id AND deleted_at IS NULL RETURNING id
"""
# Whoever was at work on a video when it was deleted may store something behind the job that removes its objects, and
# die before it can say so. So the row stays for longer than a request may take, and then all is removed once more.
_SETTLED_MINUTES = 15
_REMOVE = """
DELETE FROM videos v WHERE id = %s AND deleted_at < now() - make_interval(mins => %s)
  AND NOT EXISTS (SELECT 1 FROM videos clip WHERE clip.source_id = v.id)
"""
_MARK_REPLACEMENTS_DELETED = """
UPDATE videos SET deleted_at = now(), updated_at = now()
WHERE replaces = %s AND deleted_at IS NULL RETURNING id
"""
# Not what the other video has taken for its own, what clips of it are made from, or what was its own until lately.
_FIND_UNUSED_FILE = """
SELECT u.replaces AS video_id, u.source_revision AS revision FROM videos u JOIN videos v ON v.id = u.replaces
WHERE u.id = %s AND u.source_id = v.id AND NOT (v.source_id IS NULL AND v.source_revision = u.source_revision)
  AND NOT EXISTS (SELECT 1 FROM videos o
    WHERE o.source_id = v.id AND o.source_revision = u.source_revision AND o.id <> u.id)
  AND NOT EXISTS (SELECT 1 FROM former_media f
    WHERE f.video_id = v.id AND f.owns_source AND f.source_revision = u.source_revision)
"""
_IS_SOURCE_NEEDED = "SELECT 1 AS needed FROM videos WHERE source_id = %s LIMIT 1"
# Uploads that nobody finished, and failures that nobody came back to. No upload that waits for the server alone:
# all of it was received, or it is a fragment of one that is being joined.
_ABANDON = """
UPDATE videos SET deleted_at = now(), updated_at = now() WHERE id IN (
    SELECT id FROM videos v WHERE deleted_at IS NULL
      AND ((status IN ('INITIATED', 'UPLOADING') AND updated_at < now() - make_interval(hours => %s)
            AND imported_from IS NULL  -- however long it waits for a worker
            AND NOT EXISTS (SELECT FROM receptions r WHERE r.video_id = v.id AND v.fragment_of IS NULL
                AND (r.received = v.filesize OR r.fragments <> '{}'))
            AND NOT EXISTS (
                SELECT FROM videos f WHERE f.id = v.fragment_of AND f.id <> v.id AND f.deleted_at IS NULL))
        OR (status = 'FAILED' AND updated_at < now() - make_interval(days => %s)))
    ORDER BY updated_at LIMIT 500 FOR UPDATE SKIP LOCKED)  -- locked: whoever changes it now has come back to it
RETURNING id
"""
_DELETED = """
SELECT id FROM videos v WHERE deleted_at < now() - make_interval(mins => %s)
  AND NOT EXISTS (SELECT 1 FROM videos clip WHERE clip.source_id = v.id)
ORDER BY deleted_at LIMIT 500
"""


_SOUND_UPLOADS = "SELECT name FROM added_sounds WHERE video_id = %s AND upload_id IS NOT NULL LIMIT 100"


class _Name(msgspec.Struct):
    name: str


class UploadedFile(msgspec.Struct, frozen=True):
    """A file by what its key is made of."""

    video_id: UUID
    revision: int


class _Id(msgspec.Struct):
    id: UUID


async def find_owner(db: Connection, video_id: UUID) -> UUID | None:
    """Whose video it is, or was until it was deleted."""
    owner_id: UUID | None = await fetch_value(db, _FIND_OWNER, (video_id,))
    return owner_id


async def find_video(db: Connection, video_id: UUID) -> VideoRow | None:
    """A video that is not deleted."""
    return await fetch_one(db, VideoRow, _FIND, (video_id,))


async def find_videos(db: Connection, video_ids: Sequence[UUID]) -> list[VideoRow]:
    """Those of the videos that are not deleted, in no order."""
    return await fetch_all(db, VideoRow, _FIND_SOME, (list(video_ids),))


async def find_detail(db: Connection, video_id: UUID) -> DetailRow | None:
    """A video that is not deleted, with its progress, in one round trip."""
    return await fetch_one(db, DetailRow, _FIND_DETAIL, (video_id,))


async def list_public(db: Connection, limit: int, after: Cursor | None) -> list[VideoRow]:
    """Public and playable videos, newest first; one more than `limit` where there are more."""
    return await _page(db, _PUBLIC, {}, limit, after)


async def list_owned(
    db: Connection, owner_id: UUID, status: Status | None, limit: int, after: Cursor | None
) -> list[VideoRow]:
    """An account's own videos, newest first; one more than `limit` where there are more."""
    if status is None:
        return await _page(db, _MINE, {"owner": owner_id}, limit, after)
    return await _page(db, f"{_MINE} {_WITH_STATUS}", {"owner": owner_id, "status": status}, limit, after)


async def change_video(db: Connection, video_id: UUID, change: VideoChange) -> bool:
    """Changes the fields that are set; False where the video is gone."""
    fields = msgspec.structs.asdict(change)
    values = {name: None if value is UNSET else value for name, value in fields.items()}
    values["tags"] = None if change.tags is UNSET else distinct_tags(change.tags)
    return await execute(db, _CHANGE, {**values, "video": video_id}) == 1


async def mark_deleted(db: Connection, video_id: UUID) -> bool:
    """Makes the video invisible at once; False where it is already, or is a fragment that is being joined."""
    return await execute(db, _MARK_DELETED, (video_id,)) == 1


async def mark_some_deleted(db: Connection, owner_id: UUID, most: int) -> list[UUID]:
    """Makes so many of an account's videos invisible, whatever they are part of; returns the ids."""
    return [row.id for row in await fetch_all(db, _Id, _MARK_SOME_DELETED, (owner_id, most))]


async def is_claimed(db: Connection, video_id: UUID) -> bool:
    """Whether it is a fragment of an upload that is being joined."""
    return await fetch_value(db, _IS_CLAIMED, (video_id,)) is not None


async def drop_fragments(db: Connection, video_ids: Sequence[UUID]) -> list[UUID]:
    """Marks what these were, or were to be, joined of as deleted; returns the ids."""
    return [row.id for row in await fetch_all(db, _Id, _DROP_FRAGMENTS, {"videos": list(video_ids)})]


async def remove_video(db: Connection, video_id: UUID) -> None:
    """Removes the row of a deleted video of which nothing is stored; not while something may still be."""
    await execute(db, _REMOVE, (video_id, _SETTLED_MINUTES))


async def mark_replacements_deleted(db: Connection, video_id: UUID) -> list[UUID]:
    """Gives up what was to take the video's place; returns the ids."""
    return [row.id for row in await fetch_all(db, _Id, _MARK_REPLACEMENTS_DELETED, (video_id,))]


async def find_unused_file(db: Connection, video_id: UUID) -> UploadedFile | None:
    """The file that a deleted video brought to take another's place, if it is nobody's."""
    return await fetch_one(db, UploadedFile, _FIND_UNUSED_FILE, (video_id,))


async def is_source_needed(db: Connection, video_id: UUID) -> bool:
    """Whether other videos, deleted or not, are made from a file of this one."""
    return await fetch_value(db, _IS_SOURCE_NEEDED, (video_id,)) is not None


async def abandon_videos(db: Connection, *, upload_hours: int, failed_days: int) -> list[UUID]:
    """Marks unfinished uploads and failed videos past their time as deleted; returns their ids, 500 at most."""
    return [row.id for row in await fetch_all(db, _Id, _ABANDON, (upload_hours, failed_days))]


async def list_sound_uploads(db: Connection, video_id: UUID) -> list[str]:
    """The sounds of a video whose uploads are not finished."""
    return [row.name for row in await fetch_all(db, _Name, _SOUND_UPLOADS, (video_id,))]


async def deleted_videos(db: Connection) -> list[UUID]:
    """Videos deleted a while ago, of which something may be stored still or again that no clip needs; 500 at most."""
    return [row.id for row in await fetch_all(db, _Id, _DELETED, (_SETTLED_MINUTES,))]


async def _page(
    db: Connection, select: str, params: dict[str, object], limit: int, after: Cursor | None
) -> list[VideoRow]:
    params = {**params, "limit": limit + 1}
    if after is not None:
        params |= {"created_at": after.created_at, "id": after.id}
        select = f"{select} {_AFTER}"
    if limit == _USUAL_LIMIT:
        return await fetch_all(db, VideoRow, f"{select} {_USUALLY_NEWEST}", params)
    return await fetch_all(db, VideoRow, f"{select} {_NEWEST}", params)
