"""Every query about what is kept."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, execute, fetch_all, fetch_one
from matinee.media.model import Offer
from matinee.modules.encoding.policy import Policy
from matinee.modules.retention.rules import KeepChoice, StoredRendition
from matinee.modules.retention.schemas import StorageChange
from matinee.modules.videos.rules import Status

_FIND = """
SELECT v.status, CASE WHEN v.source_id IS NULL THEN v.filesize ELSE 0 END AS filesize,
    v.encode_policy, v.keep_days, v.codecs, now() AS now,
    coalesce(v.plan -> 'source' ->> 'seekable', 'true')::boolean AS seekable,
    coalesce((SELECT json_agg(json_build_object(
            'name', r.name,
            'kind', r.kind,
            'cells', r.cells,
            'cells_stored', (SELECT coalesce(sum(upper(run) - lower(run)), 0) FROM unnest(r.stored) AS run),
            'bytes', r.bytes,
            'watched_at', w.watched_at,
            'used_at', greatest(r.first_cell_at, w.watched_at),
            'offered', EXISTS (SELECT 1 FROM downloads d WHERE d.video_id = r.video_id AND d.name = r.name)
            ) ORDER BY r.position)
        FROM renditions r LEFT JOIN watched_renditions w ON w.video_id = r.video_id AND w.name = r.name
        WHERE r.video_id = v.id), '[]')::text AS renditions
FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL
"""
_CHANGE = """
UPDATE videos SET
    encode_policy = CASE WHEN %(sets_policy)s::boolean THEN %(policy)s::text ELSE encode_policy END,
    keep_days = CASE WHEN %(sets_days)s::boolean THEN %(days)s::integer ELSE keep_days END,
    codecs = CASE WHEN %(sets_codecs)s::boolean THEN %(codecs)s::text[] ELSE codecs END,
    updated_at = now()
WHERE id = %(video)s AND deleted_at IS NULL
"""
# From now on nothing of it is there for readers; what is being made of it is not recorded any more.
_BEGIN_EVICTIONS = """
UPDATE renditions SET evicting = true, evictions = evictions + 1, stored = '{}', bytes = 0, init_hash = NULL,
    first_cell_at = NULL, keyframe_bytes = array_fill(NULL::integer, ARRAY[cells])
WHERE NOT evicting AND (video_id, name) IN (
    SELECT r.video_id, r.name
    FROM renditions r JOIN videos v ON v.id = r.video_id
    LEFT JOIN watched_renditions w ON w.video_id = r.video_id AND w.name = r.name
    WHERE r.bytes > 0 AND r.position > 0 AND NOT r.evicting
      AND v.status = 'READY' AND v.deleted_at IS NULL
      AND coalesce(v.keep_days, %(days)s::integer) > 0
      AND greatest(r.first_cell_at, w.watched_at)
          < now() - make_interval(days => coalesce(v.keep_days, %(days)s::integer))
      AND r.kind = 'video'
      AND v.plan -> 'source' ->> 'seekable' = 'true'
      AND NOT EXISTS (SELECT 1 FROM downloads d WHERE d.video_id = r.video_id AND d.name = r.name)
    ORDER BY r.first_cell_at LIMIT %(most)s FOR UPDATE OF r SKIP LOCKED)
RETURNING video_id, name
"""
_FIND_EVICTING = "SELECT recipe FROM renditions WHERE video_id = %s AND name = %s AND evicting"
_END_EVICTION = "UPDATE renditions SET evicting = false WHERE video_id = %s AND name = %s AND evicting"
_LIST_EVICTING = "SELECT video_id, name FROM renditions WHERE evicting LIMIT 1000"


class StorageRow(msgspec.Struct, frozen=True):
    """A video's storage; `renditions` is JSON: [StoredRendition], lowest rung first."""

    status: Status
    filesize: int
    encode_policy: Policy | None
    keep_days: int | None
    codecs: tuple[Offer, ...] | None
    now: datetime
    seekable: bool
    renditions: str

    def listed(self) -> list[StoredRendition]:
        return msgspec.json.decode(self.renditions, type=list[StoredRendition])

    @property
    def choice(self) -> KeepChoice:
        return KeepChoice(self.encode_policy, self.keep_days, self.codecs)


class Eviction(msgspec.Struct, frozen=True):
    """A rendition whose objects are to be deleted."""

    video_id: UUID
    name: str


class _Recipe(msgspec.Struct):
    recipe: str


async def find_storage(db: Connection, video_id: UUID) -> StorageRow | None:
    """What is stored of a video that is not deleted."""
    return await fetch_one(db, StorageRow, _FIND, (video_id,))


async def change_policy(db: Connection, video_id: UUID, change: StorageChange) -> bool:
    """Changes the fields that are set; False where the video is gone."""
    params = {
        "video": video_id,
        "sets_policy": change.encode_policy is not UNSET,
        "policy": None if change.encode_policy is UNSET else change.encode_policy,
        "sets_days": change.keep_days is not UNSET,
        "days": None if change.keep_days is UNSET else change.keep_days,
        "sets_codecs": change.codecs is not UNSET,
        "codecs": None if change.codecs is UNSET else change.codecs,
    }
    return await execute(db, _CHANGE, params) == 1


async def begin_evictions(db: Connection, *, default_days: int, most: int) -> list[Eviction]:
    """Marks what nobody has watched for long enough, and forgets its cells; at most so many."""
    return await fetch_all(db, Eviction, _BEGIN_EVICTIONS, {"days": default_days, "most": most})


async def find_evicting(db: Connection, video_id: UUID, rendition: str) -> str | None:
    """The recipe of a rendition that is being evicted; None where it is not."""
    row = await fetch_one(db, _Recipe, _FIND_EVICTING, (video_id, rendition))
    return row.recipe if row else None


async def end_eviction(db: Connection, video_id: UUID, rendition: str) -> None:
    """Its objects are deleted: cells can be made again."""
    await execute(db, _END_EVICTION, (video_id, rendition))


async def list_evicting(db: Connection) -> list[Eviction]:
    """Evictions that have begun and not ended; 1,000 at most."""
    return await fetch_all(db, Eviction, _LIST_EVICTING)
