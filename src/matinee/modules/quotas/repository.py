"""Every query about quotas. What is stored is counted when it is asked for: no counter can go astray."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one
from matinee.modules.quotas.rules import Stored

_FIND = "SELECT quota_bytes, quota_minutes FROM users WHERE id = %s"
# Whoever announces something holds it until that is stored: of many at once each counts what the others have added.
_LOCK = f"{_FIND} FOR NO KEY UPDATE"
_SET = "UPDATE users SET quota_bytes = %s, quota_minutes = %s, updated_at = now() WHERE id = %s"
# A file counts once, whoever shows parts of it. What is to take a video's place is no video of its own yet: of both
# the longer counts. A fragment counts by itself, except while it is part of a video that does.
# What the storage has dropped takes nothing.
_STORED = """
SELECT
    (coalesce((SELECT sum(filesize) FROM (
        SELECT DISTINCT ON (coalesce(source_id, id), source_revision) filesize FROM videos f
        WHERE owner_id = %(owner)s AND deleted_at IS NULL AND failure_code IS DISTINCT FROM 'upload_gone'
            AND (fragment_of IS NULL OR fragment_of = id
            OR EXISTS (SELECT FROM videos v WHERE v.id = f.fragment_of AND v.deleted_at IS NOT NULL))
        ORDER BY coalesce(source_id, id), source_revision) files), 0)
    + coalesce((SELECT sum(s.filesize) FROM added_sounds s JOIN videos v ON v.id = s.video_id
        WHERE v.owner_id = %(owner)s AND v.deleted_at IS NULL), 0))::bigint AS bytes,
    coalesce(sum(greatest(duration, (SELECT max(u.duration) FROM videos u
        WHERE u.replaces = v.id AND u.deleted_at IS NULL)))
        FILTER (WHERE id IS DISTINCT FROM %(but)s::uuid), 0)::double precision AS seconds,
    count(*)::integer AS videos
FROM videos v WHERE owner_id = %(owner)s AND deleted_at IS NULL AND replaces IS NULL AND fragment_of IS NULL
"""
_FIND_OWNER = """
SELECT owner_id, coalesce(replaces, id) AS shown_as,
    (SELECT f.duration FROM videos f WHERE f.id = v.replaces) AS replaced_seconds
FROM videos v WHERE id = %s
"""


class QuotaRow(msgspec.Struct, frozen=True):
    """What an administrator has set. None: what the server allows; -1: no limit."""

    quota_bytes: int | None
    quota_minutes: int | None


class OwnerRow(msgspec.Struct, frozen=True):
    """Whose a video is, and in which video's place it will be seen."""

    owner_id: UUID
    shown_as: UUID
    replaced_seconds: float | None
    """How long the video is whose place it will take; None where it is one of its own."""


async def find_quota(db: Connection, user_id: UUID) -> QuotaRow | None:
    """What was set for an account; None where there is no such account."""
    return await fetch_one(db, QuotaRow, _FIND, (user_id,))


async def lock_quota(db: Connection, user_id: UUID) -> QuotaRow | None:
    """The same; nobody else reserves anything for that account until the transaction ends."""
    return await fetch_one(db, QuotaRow, _LOCK, (user_id,))


async def set_quota(db: Connection, user_id: UUID, quota_bytes: int | None, quota_minutes: int | None) -> bool:
    """False where there is no such account."""
    return await execute(db, _SET, (quota_bytes, quota_minutes, user_id)) == 1


async def find_stored(db: Connection, user_id: UUID, *, but: UUID | None = None) -> Stored:
    """What an account stores; of the video `but` the length does not count."""
    stored = await fetch_one(db, Stored, _STORED, {"owner": user_id, "but": but})
    assert stored is not None, "it is an aggregate"
    return stored


async def find_owner(db: Connection, video_id: UUID) -> OwnerRow | None:
    """Whose a video is."""
    return await fetch_one(db, OwnerRow, _FIND_OWNER, (video_id,))
