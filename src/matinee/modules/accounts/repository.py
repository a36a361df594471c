"""Every query about whole accounts."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.modules.administration.schemas import Deletion

FILES_AT_ONCE = 100


class ExportRow(msgspec.Struct, frozen=True):
    """An export, as far as it is."""

    id: UUID
    include_files: bool
    asked_at: datetime
    percent: int
    size: int | None
    archives: int
    ready_at: datetime | None
    failed_at: datetime | None


class FileRow(msgspec.Struct, frozen=True):
    """A text track, or the uploaded file of a video, whose id it then has and no language."""

    video_id: UUID
    id: UUID
    language: str | None
    name: str
    size: int
    source_id: UUID
    source_revision: int


class _Id(msgspec.Struct):
    id: UUID


_CLOSE = """
UPDATE users SET closed_at = now(), erase_at = now() + make_interval(days => %s), updated_at = now()
WHERE id = %s AND kind = 'user' AND closed_at IS NULL
"""
_FIND_DELETION = "SELECT closed_at AS asked_at, erase_at FROM users WHERE id = %s AND closed_at IS NOT NULL"
_LIST_DUE = "SELECT id FROM users WHERE erase_at <= now() ORDER BY erase_at LIMIT 500"
# Held, so that nothing is added to it meanwhile; restored it cannot be any more.
_HOLD_DUE = "SELECT id FROM users WHERE id = %s AND erase_at <= now() FOR UPDATE"
_UNSHARE_SOME = """
UPDATE videos SET viewers = array_remove(viewers, %(user)s::uuid), updated_at = now() WHERE id IN (
    SELECT id FROM videos WHERE viewers <> '{}' AND viewers @> ARRAY[%(user)s::uuid] LIMIT %(most)s)
"""
# Its sessions, keys and all else that refers to it go with it. Rows of videos go when nothing is stored of them;
# likes of comments when nobody held those: they would go uncounted.
_REMOVE = """
DELETE FROM users WHERE id = %s AND NOT EXISTS (SELECT FROM videos WHERE owner_id = users.id)
    AND NOT EXISTS (SELECT FROM comment_likes WHERE user_id = users.id)
"""
_FIND_EXPORT = """
SELECT id, include_files, asked_at, percent, size, archives, ready_at, failed_at
FROM account_exports WHERE user_id = %s
"""
# Not where one is being made, nor of an account that is being erased.
_ASK_EXPORT = """
INSERT INTO account_exports AS e (user_id, include_files)
SELECT id, %s FROM users WHERE id = %s AND (erase_at IS NULL OR erase_at > now())
ON CONFLICT (user_id) DO UPDATE SET id = gen_random_uuid(), include_files = excluded.include_files, asked_at = now(),
    percent = 0, size = NULL, ready_at = NULL, failed_at = NULL
WHERE e.ready_at IS NOT NULL OR e.failed_at IS NOT NULL
RETURNING id, include_files, asked_at, percent, size, archives, ready_at, failed_at
"""
_TELL_PERCENT = "UPDATE account_exports SET percent = %s WHERE user_id = %s AND id = %s"
_FINISH_EXPORT = """
UPDATE account_exports e SET percent = 100, size = %s, archives = %s, ready_at = now() FROM users u
WHERE e.user_id = %s AND e.id = %s AND e.failed_at IS NULL
    AND u.id = e.user_id AND (u.erase_at IS NULL OR u.erase_at > now())
"""
_FAIL_EXPORT = """
UPDATE account_exports SET failed_at = now() WHERE user_id = %s AND id = %s AND ready_at IS NULL
"""
_OLD_EXPORTS = """
SELECT user_id AS id FROM account_exports WHERE coalesce(ready_at, failed_at) < now() - make_interval(days => %s)
ORDER BY coalesce(ready_at, failed_at) LIMIT 100
"""
_FORGET_EXPORT = """
DELETE FROM account_exports WHERE user_id = %s AND coalesce(ready_at, failed_at) < now() - make_interval(days => %s)
"""
# What is shown of a file that another video has brought is in it once.
_FILES = """
SELECT v.id AS video_id, v.id, NULL AS language, v.filename AS name, v.filesize AS size, v.id AS source_id,
    v.source_revision
FROM videos v WHERE v.owner_id = %(user)s AND v.deleted_at IS NULL AND v.source_id IS NULL
    AND v.status IN ('PROCESSING', 'READY') AND v.fragment_of IS NULL
UNION ALL
SELECT v.id, t.id, t.language, t.name, 0, v.id, 1 FROM videos v JOIN text_tracks t ON t.video_id = v.id
WHERE v.owner_id = %(user)s AND v.deleted_at IS NULL AND t.state = 'ready'
"""
_OF_FILES = f"FROM ({_FILES}) f"
_COUNT_FILES = f"SELECT count(*) {_OF_FILES}"
_LIST_FILES = f"""
SELECT video_id, id, language, name, size, source_id, source_revision {_OF_FILES}
WHERE (video_id, id) > (%(video)s, %(id)s) ORDER BY video_id, id LIMIT %(limit)s
"""
_NOTHING = UUID(int=0)


async def close(db: Connection, user_id: UUID, days: int) -> bool:
    """Has an account erased after so many days; False where it is to be already, or there is none."""
    return await execute(db, _CLOSE, (days, user_id)) == 1


async def find_deletion(db: Connection, user_id: UUID) -> Deletion | None:
    """When an account is to be erased."""
    return await fetch_one(db, Deletion, _FIND_DELETION, (user_id,))


async def list_due(db: Connection) -> list[UUID]:
    """Accounts whose time of grace is over, 500 at most."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_DUE)]


async def hold_due(db: Connection, user_id: UUID) -> bool:
    """Nobody adds anything to the account until the transaction ends; False where it is not to be erased now."""
    return await fetch_value(db, _HOLD_DUE, (user_id,)) is not None


async def unshare_some(db: Connection, user_id: UUID, most: int) -> int:
    """So many videos are shared with the account no longer; returns how many."""
    return await execute(db, _UNSHARE_SOME, {"user": user_id, "most": most})


async def remove(db: Connection, user_id: UUID) -> bool:
    """Removes the account; False while there is still a row of a video of its own, or a like of a comment."""
    return await execute(db, _REMOVE, (user_id,)) == 1


async def find_export(db: Connection, user_id: UUID) -> ExportRow | None:
    """The export that was asked for last."""
    return await fetch_one(db, ExportRow, _FIND_EXPORT, (user_id,))


async def ask_export(db: Connection, user_id: UUID, *, include_files: bool) -> ExportRow | None:
    """Another export; None where one is being made, or there is no such account."""
    return await fetch_one(db, ExportRow, _ASK_EXPORT, (include_files, user_id))


async def tell_percent(db: Connection, user_id: UUID, export_id: UUID, percent: int) -> None:
    """How far the export is."""
    await execute(db, _TELL_PERCENT, (percent, user_id, export_id))


async def finish_export(db: Connection, user_id: UUID, export_id: UUID, size: int, archives: int) -> bool:
    """The export is there; False where it is wanted no longer, or its account is being erased."""
    return await execute(db, _FINISH_EXPORT, (size, archives, user_id, export_id)) == 1


async def fail_export(db: Connection, user_id: UUID, export_id: UUID) -> None:
    """The export will not be made."""
    await execute(db, _FAIL_EXPORT, (user_id, export_id))


async def list_old_exports(db: Connection, days: int) -> list[UUID]:
    """Whose exports ended before so many days, 100 at most."""
    return [row.id for row in await fetch_all(db, _Id, _OLD_EXPORTS, (days,))]


async def forget_export(db: Connection, user_id: UUID, days: int) -> None:
    """Forgets an export, unless another one was asked for meanwhile."""
    await execute(db, _FORGET_EXPORT, (user_id, days))


async def count_files(db: Connection, user_id: UUID) -> int:
    """How many files there are of an account."""
    return int(await fetch_value(db, _COUNT_FILES, {"user": user_id}))


async def list_files(db: Connection, user_id: UUID, after: tuple[UUID, UUID] | None) -> list[FileRow]:
    """Files of an account, video by video, FILES_AT_ONCE at most."""
    video, file = after or (_NOTHING, _NOTHING)
    params = {"user": user_id, "video": video, "id": file, "limit": FILES_AT_ONCE}
    return await fetch_all(db, FileRow, _LIST_FILES, params)
