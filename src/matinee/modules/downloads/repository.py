"""Every query about downloads."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.modules.downloads.rules import ORIGINAL
from matinee.modules.playback.repository import VideoFacts
from matinee.modules.videos.access import GUARDED

# A rendition has at most as much as its own cells; the original is there as a whole.
_LIST = """
SELECT d.name, d.size, d.failure, d.offered_at, coalesce(100.0 * (
        SELECT sum(upper(run) - lower(run)) FROM renditions r, unnest(r.stored) AS run
        WHERE r.video_id = d.video_id AND r.name = d.name
    ) / (SELECT cells FROM renditions r WHERE r.video_id = d.video_id AND r.name = d.name), 0)::double precision
    AS percent
FROM downloads d WHERE d.video_id = %s ORDER BY d.offered_at, d.name LIMIT 100
"""
_OFFER = """
INSERT INTO downloads (video_id, name, size, ready_at)
SELECT id, %(name)s::text, CASE WHEN %(name)s = %(original)s THEN filesize END,
    CASE WHEN %(name)s = %(original)s THEN now() END
FROM videos WHERE id = %(video)s AND status = 'READY' AND deleted_at IS NULL
ON CONFLICT (video_id, name) DO UPDATE SET failure = NULL, offered_at = now() WHERE downloads.failure IS NOT NULL
"""
# A file that holds more than is shown is not for others.
_HOLDS_MORE = """
SELECT 1 FROM videos WHERE id = %s AND (source_id IS NOT NULL AND NOT shares_file OR plan ->> 'trimmed' = 'true')
"""
_WITHDRAW = "DELETE FROM downloads WHERE video_id = %s AND name = %s"
_IS_WAITED_FOR = """
SELECT name FROM downloads WHERE video_id = %s AND name = %s AND ready_at IS NULL AND failure IS NULL
"""
_IS_EVICTING = "SELECT name FROM renditions WHERE video_id = %s AND name = %s AND evicting"
_FAIL = """
UPDATE downloads SET failure = %s WHERE video_id = %s AND name = %s AND ready_at IS NULL AND failure IS NULL
"""
_UNPREPARE_PICTURES = """
UPDATE downloads SET size = NULL, ready_at = NULL, failure = NULL WHERE video_id = %s AND name IN (
    SELECT name FROM renditions r WHERE r.video_id = downloads.video_id AND r.kind = 'video')
RETURNING name
"""
_HOLD = "SELECT name FROM renditions WHERE video_id = %s AND name = ANY(%s) FOR SHARE"
# Not where a part of it was evicted meanwhile: the file would have a hole.
_MARK_READY = """
UPDATE downloads SET size = %(size)s, ready_at = now()
WHERE video_id = %(video)s AND name = %(name)s AND ready_at IS NULL AND failure IS NULL AND (
    SELECT count(*) FROM renditions r WHERE r.video_id = %(video)s AND r.name = ANY(%(parts)s)
      AND r.recipe = %(recipe)s AND NOT r.evicting AND r.stored = int4multirange(int4range(0, r.cells))
) = cardinality(%(parts)s)
"""
_OF_VIDEO = """
FROM videos v LEFT JOIN downloads d ON d.video_id = v.id AND d.name = %s
WHERE v.id = %s AND v.deleted_at IS NULL
"""
_FIND = f"""
SELECT {GUARDED},
    v.status, v.encryption, v.key_version, v.xmin::text::bigint AS version, v.title, v.filename,
    v.source_id IS NOT NULL AND NOT v.shares_file AS is_clip, coalesce(v.source_id, v.id) AS source_id,
    v.source_revision,
    d.name IS NOT NULL AND v.encryption = 'none'
        AND NOT (d.name = 'original' AND coalesce(v.plan ->> 'trimmed' = 'true', false)) AS is_offered,
    d.size, d.ready_at
{_OF_VIDEO}
"""


class DownloadRow(msgspec.Struct, frozen=True):
    """A file that is offered."""

    name: str
    size: int | None
    failure: str | None
    offered_at: datetime
    percent: float


class DownloadFacts(VideoFacts, frozen=True):
    """A video with what is needed to deliver one of its files; `size` is None until the file is ready."""

    title: str
    filename: str
    is_clip: bool
    """Whether it is made from a part of another video's file."""
    source_id: UUID
    source_revision: int
    is_offered: bool
    size: int | None
    ready_at: datetime | None


class _Name(msgspec.Struct):
    name: str


async def list_downloads(db: Connection, video_id: UUID) -> list[DownloadRow]:
    """What a video is offered as, in order."""
    return await fetch_all(db, DownloadRow, _LIST, (video_id,))


async def holds_more(db: Connection, video_id: UUID) -> bool:
    """Whether the file that a video is made from has more than the video shows."""
    return await fetch_value(db, _HOLDS_MORE, (video_id,)) is not None


async def offer(db: Connection, video_id: UUID, name: str) -> bool:
    """Offers a file of a READY video, or tries again what failed; False where it is offered already."""
    return await execute(db, _OFFER, {"video": video_id, "name": name, "original": ORIGINAL}) == 1


async def withdraw(db: Connection, video_id: UUID, name: str) -> bool:
    """Offers a file no longer; False where it was not offered."""
    return await execute(db, _WITHDRAW, (video_id, name)) == 1


async def unprepare_pictures(db: Connection, video_id: UUID) -> list[str]:
    """Files of a picture have to be made anew; returns their names."""
    return [row.name for row in await fetch_all(db, _Name, _UNPREPARE_PICTURES, (video_id,))]


async def is_waited_for(db: Connection, video_id: UUID, name: str) -> bool:
    """Whether a file is offered and not ready."""
    return await fetch_one(db, _Name, _IS_WAITED_FOR, (video_id, name)) is not None


async def is_evicting(db: Connection, video_id: UUID, name: str) -> bool:
    """Whether the objects of a rendition are being deleted."""
    return await fetch_one(db, _Name, _IS_EVICTING, (video_id, name)) is not None


async def fail(db: Connection, video_id: UUID, name: str, failure: str) -> bool:
    """Tells why a file cannot be made; False where nobody waits for it."""
    return await execute(db, _FAIL, (failure, video_id, name)) == 1


async def mark_ready(db: Connection, video_id: UUID, name: str, *, recipe: str, parts: list[str], size: int) -> bool:
    """The file's layout is stored; False where nobody wants it any more or a part of it is gone."""
    await fetch_all(db, _Name, _HOLD, (video_id, parts))  # no eviction begins before this is committed
    params = {"video": video_id, "name": name, "recipe": recipe, "parts": parts, "size": size}
    return await execute(db, _MARK_READY, params) == 1


async def find_download(db: Connection, video_id: UUID, name: str) -> DownloadFacts | None:
    """What is needed to deliver a file."""
    return await fetch_one(db, DownloadFacts, _FIND, (name, video_id))
