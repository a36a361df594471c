"""A video as encoding sees it: its plan, its renditions and its state."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value
from matinee.media import keys
from matinee.media.model import AudioRendition, Offer, Plan, Rendition
from matinee.media.stored_plans import decode_plan
from matinee.modules.encoding.errors import Failure
from matinee.modules.encoding.policy import Policy

Status = Literal["INITIATED", "UPLOADING", "PROCESSING", "READY", "FAILED"]

_FIND_WORK = (
    "SELECT status, plan::text AS plan, plan_revision, filesize, has_poster, encode_policy, "
    "filling_cancelled_at IS NOT NULL AS cancelled, "
    "coalesce(source_id, id) AS source_id, source_revision, edition, cut_from, replaces, "
    "watermark::text AS watermark "
    "FROM videos WHERE id = %s AND deleted_at IS NULL"
)
_EXISTS = "SELECT 1 FROM videos WHERE id = %s AND deleted_at IS NULL"
_LOCK = """
SELECT status, filling_cancelled_at IS NOT NULL AS cancelled
FROM videos WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE
"""
_SAVE_PLAN = """
UPDATE videos SET plan = %s::jsonb, duration = %s, width = %s, height = %s, updated_at = now()
WHERE id = %s AND status = 'PROCESSING' AND plan IS NULL AND deleted_at IS NULL
"""
# Whoever changes a plan says which one he read: of two who change it at once the second reads it again.
_CHANGE_PLAN = """
UPDATE videos SET plan = %s::jsonb, plan_revision = plan_revision + 1, updated_at = now()
WHERE id = %s AND plan_revision = %s AND plan IS NOT NULL AND deleted_at IS NULL
"""
# One slot a cell from the start: a sparse assignment to an empty array would move its lower bound.
_ADD_RENDITIONS = """
INSERT INTO renditions (video_id, name, kind, recipe, position, cells, keyframe_bytes)
SELECT %(video)s, name, kind, %(recipe)s, %(first)s + position - 1, cells,
    CASE WHEN kind = 'audio' THEN '{}' ELSE array_fill(NULL::integer, ARRAY[cells]) END
FROM unnest(%(names)s::text[], %(kinds)s::text[], %(cells)s::integer[])
    WITH ORDINALITY AS planned (name, kind, cells, position)
"""
_REMOVE_RENDITIONS = "DELETE FROM renditions WHERE video_id = %s AND name = ANY(%s)"
_LOCK_PLAN = """
SELECT plan::text AS plan, plan_revision FROM videos
WHERE id = %s AND deleted_at IS NULL AND status IN ('PROCESSING', 'READY') AND plan IS NOT NULL FOR NO KEY UPDATE
"""
_MAKE_READY = """
UPDATE videos SET status = 'READY', ready_at = now(), updated_at = now()
WHERE id = %(video)s AND status = 'PROCESSING' AND deleted_at IS NULL AND (
    SELECT count(*) FROM renditions WHERE video_id = %(video)s AND name = ANY(%(names)s) AND stored @> 0
) = cardinality(%(names)s)
RETURNING replaces
"""
_FAIL = """
UPDATE videos SET status = 'FAILED', failure_code = %s, failure_detail = %s, updated_at = now()
WHERE id = %s AND status = 'PROCESSING' AND plan_revision = coalesce(%s::integer, plan_revision)
"""
_STOP_FILLING = """
UPDATE videos SET encoding_failure = %s, updated_at = now()
WHERE id = %s AND status = 'READY' AND encoding_failure IS NULL
  AND plan_revision = coalesce(%s::integer, plan_revision)
"""
_HAS_POSTER = """
UPDATE videos SET has_poster = true, placeholder = %s, updated_at = now()
WHERE id = %s AND edition = %s AND NOT has_poster
"""
# An expression over `videos v`, so that a query of the video brings its progress along: `progress.Stored`, as JSON.
STORED = """
json_build_object('status', v.status, 'planned', v.plan IS NOT NULL, 'plan_revision', v.plan_revision,
    'encoding_failure', v.encoding_failure, 'encode_policy', v.encode_policy,
    'cancelled', v.filling_cancelled_at IS NOT NULL, 'now', now(),
    'renditions', coalesce((SELECT json_agg(json_build_object('name', r.name, 'cells_stored',
            (SELECT coalesce(sum(upper(run) - lower(run)), 0) FROM unnest(r.stored) AS run),
            'first_cell_at', r.first_cell_at, 'evicted', r.evictions > 0))
        FROM renditions r WHERE r.video_id = v.id), '[]'))::text
"""
_OF_VIDEO = "FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL"
_PROGRESS = f"SELECT {STORED} {_OF_VIDEO}"
_PLAN = "SELECT plan::text FROM videos WHERE id = %s"
_CODECS = "SELECT codecs FROM videos WHERE id = %s"
_NEXT_POSITION = "SELECT coalesce(max(position) + 1, 0) FROM renditions WHERE video_id = %s"
_POLICY = "SELECT encode_policy FROM videos WHERE id = %s"
_STAY_ALIVE = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %s"


class WorkRow(msgspec.Struct, frozen=True):
    """A video as the jobs see it."""

    status: Status
    plan: str | None
    plan_revision: int
    filesize: int
    has_poster: bool
    encode_policy: Policy | None
    cancelled: bool
    """The filling of its ladder was stopped."""
    source_id: UUID
    source_revision: int
    edition: int
    cut_from: UUID | None
    replaces: UUID | None
    """The video whose place it takes as soon as it can be played."""
    watermark: str | None
    """What its owner chose, as JSON; None: nothing."""

    @property
    def source_key(self) -> str:
        """The object that it is made from."""
        return keys.source_key(self.source_id, self.source_revision)


class LockedVideo(msgspec.Struct, frozen=True):
    """A video whose row is held."""

    status: Status
    cancelled: bool


class PlanRow(msgspec.Struct, frozen=True):
    """A plan as it is stored, and which of a video's plans it is."""

    plan: str
    plan_revision: int


class ReadyRow(msgspec.Struct, frozen=True):
    """A video that has become READY."""

    replaces: UUID | None


async def find_work(db: Connection, video_id: UUID) -> WorkRow | None:
    """A video that is not deleted."""
    return await fetch_one(db, WorkRow, _FIND_WORK, (video_id,))


async def exists(db: Connection, video_id: UUID) -> bool:
    """Whether there is such a video, in whatever state, that is not deleted."""
    return await fetch_value(db, _EXISTS, (video_id,)) is not None


async def lock_video(db: Connection, video_id: UUID) -> LockedVideo | None:
    """A video's state, which stays as it is until the transaction ends; None for a deleted one."""
    return await fetch_one(db, LockedVideo, _LOCK, (video_id,))


async def save_plan(db: Connection, video_id: UUID, plan: Plan) -> bool:
    """Stores the plan with its renditions; False where there is one or the video is not PROCESSING."""
    source = plan.source
    text = msgspec.json.encode(plan).decode()
    size = (source.width, source.height) if plan.video else (None, None)
    if await execute(db, _SAVE_PLAN, (text, float(plan.grid.duration), *size, video_id)) == 0:
        return False
    await add_renditions(db, video_id, plan, plan.renditions)
    return True


async def add_renditions(
    db: Connection, video_id: UUID, plan: Plan, renditions: Sequence[Rendition], *, first_position: int = 0
) -> None:
    """Rows for these renditions of the plan, of which nothing is stored yet."""
    params = {
        "video": video_id,
        "recipe": plan.recipe,
        "cells": [plan.cells_of(rendition.name) for rendition in renditions],
        "first": first_position,
        "names": [rendition.name for rendition in renditions],
        "kinds": ["audio" if isinstance(rendition, AudioRendition) else "video" for rendition in renditions],
    }
    await execute(db, _ADD_RENDITIONS, params)


async def remove_renditions(db: Connection, video_id: UUID, names: Sequence[str]) -> None:
    """Forgets these renditions; what is being made of them is not recorded any more."""
    await execute(db, _REMOVE_RENDITIONS, (video_id, list(names)))


async def lock_plan(db: Connection, video_id: UUID) -> PlanRow | None:
    """The plan of a video that can be played, which stays as it is until the transaction ends."""
    return await fetch_one(db, PlanRow, _LOCK_PLAN, (video_id,))


async def change_plan(db: Connection, video_id: UUID, plan: Plan, *, revision: int) -> bool:
    """Replaces the plan; False where it is no longer the one of that revision, or the video is gone.

    Jobs in flight go on by the plan that they have read: what they make of a rendition that is in both stays right.
    """
    text = msgspec.json.encode(plan).decode()
    return await execute(db, _CHANGE_PLAN, (text, video_id, revision)) == 1


async def make_ready(db: Connection, video_id: UUID, names: list[str]) -> ReadyRow | None:
    """PROCESSING → READY where each of the renditions has its first cell; None otherwise."""
    return await fetch_one(db, ReadyRow, _MAKE_READY, {"video": video_id, "names": names})


async def fail(db: Connection, video_id: UUID, failure: Failure, *, revision: int | None = None) -> bool:
    """PROCESSING → FAILED; a READY video stays so, and says why a part is missing. False where nothing changed.

    With a revision, only where the video's plan is still of that.
    """
    if await execute(db, _FAIL, (failure.code, failure.sentence, video_id, revision)) == 1:
        return True
    return await execute(db, _STOP_FILLING, (failure.sentence, video_id, revision)) == 1


async def mark_poster(db: Connection, video_id: UUID, placeholder: str, *, edition: int) -> None:
    """The poster is stored, of what the video still shows; `placeholder` is its BlurHash."""
    await execute(db, _HAS_POSTER, (placeholder, video_id, edition))


async def find_progress(db: Connection, video_id: UUID) -> str | None:
    """What STORED gives for a video; None where there is no such video."""
    text: str | None = await fetch_value(db, _PROGRESS, (video_id,))
    return text


async def find_plan(db: Connection, video_id: UUID) -> Plan | None:
    """The plan of a video, once it has one."""
    text = await fetch_value(db, _PLAN, (video_id,))
    return None if text is None else decode_plan(text)


async def find_policy(db: Connection, video_id: UUID) -> Policy | None:
    """What its owner has chosen; None: what the server has."""
    policy: Policy | None = await fetch_value(db, _POLICY, (video_id,))
    return policy


async def find_codecs(db: Connection, video_id: UUID) -> list[Offer] | None:
    """What its owner has chosen; None: what the server has."""
    codecs: list[Offer] | None = await fetch_value(db, _CODECS, (video_id,))
    return codecs


async def next_position(db: Connection, video_id: UUID) -> int:
    """The place behind all renditions of a video, whose row the caller holds."""
    return int(await fetch_value(db, _NEXT_POSITION, (video_id,)))


async def stay_alive(db: Connection, worker_id: int) -> None:
    """A sign of life of a worker."""
    await execute(db, _STAY_ALIVE, (worker_id,))
