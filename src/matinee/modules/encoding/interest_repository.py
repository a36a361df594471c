"""Who waits for which cells, and what is watched."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one
from matinee.modules.encoding.ahead import AHEAD_CELLS, Interest
from matinee.modules.encoding.cell_repository import StoredRow
from matinee.modules.encoding.errors import VideoGoneError

# Those who asked first come first; who reads needs the cells behind, so that some before the range count too.
_FIND_DEMAND = """
SELECT name, recipe, init_hash, evictions, evicting, ARRAY(
    SELECT i FROM generate_series(%(first)s::integer, %(stop)s::integer - 1) i WHERE stored @> i ORDER BY i) AS cells,
    coalesce((SELECT json_agg(json_build_object('cell', cell, 'waits', waits))
    FROM (SELECT cell, waits FROM interests i
        WHERE i.video_id = r.video_id AND i.rendition = r.name AND i.ends_at > now()
          AND cell >= %(first)s::integer - %(ahead)s::integer AND cell < %(stop)s::integer
        ORDER BY asked_at, cell LIMIT 200) near), '[]')::text AS interests
FROM renditions r WHERE video_id = %(video)s AND name = %(name)s
"""
_TELL_INTERESTS = """
INSERT INTO interests (video_id, rendition, cell, waits, ends_at)
SELECT video_id, rendition, cell, waits, now() + make_interval(secs => seconds)
FROM unnest(%s::uuid[], %s::text[], %s::integer[], %s::boolean[], %s::double precision[])
    AS new (video_id, rendition, cell, waits, seconds)
ON CONFLICT (video_id, rendition, cell) DO UPDATE SET
    waits = EXCLUDED.waits OR interests.waits AND interests.ends_at > now(),
    asked_at = CASE WHEN interests.ends_at > now() THEN interests.asked_at ELSE now() END,
    ends_at = greatest(EXCLUDED.ends_at, interests.ends_at)
"""
_FORGET_INTERESTS = "DELETE FROM interests WHERE ends_at < now() - interval '1 minute'"
_TELL_WATCHED = """
INSERT INTO watched_renditions (video_id, name, watched_at)
SELECT r.video_id, r.name, now() FROM unnest(%s::uuid[], %s::text[]) AS new (video_id, name)
JOIN renditions r USING (video_id, name)
ON CONFLICT (video_id, name) DO UPDATE SET watched_at = now()
"""
# Videos whose cells can be made one by one.
_FILTER_ENTERABLE = """
SELECT id FROM videos WHERE id = ANY(%s::uuid[]) AND status = 'READY' AND deleted_at IS NULL
  AND plan -> 'source' ->> 'seekable' = 'true' LIMIT 1000
"""


class DemandRow(StoredRow, frozen=True):
    """Which of the cells asked for exist, and who needs which, as JSON: [Interest]."""

    interests: str

    def wanted(self) -> list[Interest]:
        return msgspec.json.decode(self.interests, type=list[Interest])


class _Id(msgspec.Struct):
    id: UUID


class NewInterest(msgspec.Struct, frozen=True):
    """Somebody waits for a cell or reads it, for so many seconds."""

    video_id: UUID
    rendition: str
    cell: int
    waits: bool
    seconds: float


async def find_demand(db: Connection, video_id: UUID, rendition: str, cells: range) -> DemandRow:
    """Which cells of a range exist, and who needs which; raises VideoGoneError where there is no such rendition."""
    params = {
        "video": video_id,
        "name": rendition,
        "first": cells.start,
        "stop": cells.stop,
        "ahead": AHEAD_CELLS,
    }
    row = await fetch_one(db, DemandRow, _FIND_DEMAND, params)
    if row is None:
        raise VideoGoneError
    return row


async def tell_interests(db: Connection, interests: Sequence[NewInterest]) -> None:
    """Begins or prolongs interests; each cell once."""
    columns = [list(column) for column in zip(*map(msgspec.structs.astuple, interests), strict=True)]
    await execute(db, _TELL_INTERESTS, columns)


async def forget_interests(db: Connection) -> None:
    """Deletes those that have ended."""
    await execute(db, _FORGET_INTERESTS)


async def tell_watched(db: Connection, renditions: Sequence[tuple[UUID, str]]) -> None:
    """Something of these renditions was read just now."""
    await execute(db, _TELL_WATCHED, ([video for video, _ in renditions], [name for _, name in renditions]))


async def filter_enterable(db: Connection, video_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these videos whose cells can be made one by one, now."""
    return {row.id for row in await fetch_all(db, _Id, _FILTER_ENTERABLE, (list(video_ids),))}
