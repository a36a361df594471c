"""Every query about encoding."""

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media import keys
from matinee.media.cells import Effort
from matinee.media.model import AudioRendition, Offer, Plan, Rendition
from matinee.media.speed import Work
from matinee.media.stored_plans import decode_plan
from matinee.modules.encoding.ahead import AHEAD_CELLS, Interest
from matinee.modules.encoding.errors import (
    EvictedError,
    Failure,
    InitChangedError,
    PlanChangedError,
    RenditionGoneError,
    VideoGoneError,
)
from matinee.modules.encoding.policy import Policy

_SPEED_MEMORY = 0.97  # what weighs what was known, at each cell: the last two minutes of film count for most
_LEAST_FILM = 6.0  # seconds; one cell alone, made while a machine wakes up, says little
_LEAST_SECONDS = 0.001
_CLEARLY_FASTER = 1.15  # than real time: else a quality would come and go with every cell

HASHES_A_ROW = 32  # cells of a rendition, of `cell_hashes`; more: more is written anew with each, fewer: more rows

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
_FIND_STORED = """
SELECT name, recipe, init_hash, evictions, evicting, ARRAY(
    SELECT i FROM generate_series(%(first)s::integer, %(stop)s::integer - 1) i WHERE stored @> i ORDER BY i) AS cells
FROM renditions WHERE video_id = %(video)s ORDER BY position LIMIT 100
"""
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
_UPDATE_CELL = """
UPDATE renditions SET
    stored = stored + int4multirange(int4range(%(index)s::integer, %(index)s::integer + 1)),
    bytes = bytes + %(bytes)s,
    init_hash = %(init)s,
    first_cell_at = coalesce(first_cell_at, now())
WHERE video_id = %(video)s AND name = %(name)s AND recipe = %(recipe)s AND NOT stored @> %(index)s::integer
  AND (init_hash IS NULL OR init_hash = %(init)s) AND evictions = %(evictions)s AND NOT evicting
RETURNING video_id, name, stored = int4multirange(int4range(0, cells)) AS completes
"""
_UPDATE_PICTURE = """
UPDATE renditions SET
    stored = stored + int4multirange(int4range(%(index)s::integer, %(index)s::integer + 1)),
    bytes = bytes + %(bytes)s,
    keyframe_bytes[%(index)s::integer + 1] = %(keyframe_bytes)s,
    init_hash = %(init)s,
    first_cell_at = coalesce(first_cell_at, now())
WHERE video_id = %(video)s AND name = %(name)s AND recipe = %(recipe)s AND NOT stored @> %(index)s::integer
  AND (init_hash IS NULL OR init_hash = %(init)s) AND evictions = %(evictions)s AND NOT evicting
RETURNING video_id, name, stored = int4multirange(int4range(0, cells)) AS completes
"""
# Behind the statement that records a cell, as a part of it: what the cell is.
_HASH = """
, hashed AS (
    INSERT INTO cell_hashes AS h (video_id, name, page, md5s)
    SELECT video_id, name, %(page)s::integer,
        overlay(decode(repeat('00', 512), 'hex') PLACING %(md5)s::bytea FROM 1 + 16 * %(place)s::integer)
    FROM recorded
    ON CONFLICT (video_id, name, page) DO UPDATE
    SET md5s = overlay(h.md5s PLACING %(md5)s::bytea FROM 1 + 16 * %(place)s::integer)
)
"""
# Behind the statement that records a cell, as a part of it: how long it took. The speed's row is held until the
# transaction ends, a millisecond or two; it is the last that is locked, so that nobody waits in a circle. A measure
# of yesterday counts no more: what nobody is offered, nobody measures, and the machine may be another by now.
_MEASURE = """
, measured AS (
    INSERT INTO encode_speeds AS s (labels, encoder, side, rate, source_side, alone, film, seconds, slow)
    SELECT w.labels, %(encoder)s::text, %(side)s::integer, %(rate)s::integer, %(source_side)s::integer,
        %(alone)s::boolean, %(film)s::double precision, %(seconds)s::double precision, false
    FROM recorded, job_workers w WHERE w.id = %(worker)s::bigint
    ON CONFLICT (labels, encoder, side, rate, source_side) DO UPDATE
    SET (alone, film, seconds, slow, measured_at) = (
        SELECT EXCLUDED.alone, film, seconds,
            CASE WHEN film < %(least)s::double precision THEN s.slow AND weight > 0
                WHEN film < seconds THEN true
                WHEN film >= seconds * %(clear)s::double precision THEN false
                ELSE s.slow AND weight > 0 END,
            now()
        FROM (SELECT CASE WHEN s.alone = EXCLUDED.alone AND s.measured_at > now() - interval '1 day'
            THEN %(memory)s::double precision ELSE 0 END AS weight) kept
        CROSS JOIN LATERAL (SELECT weight * s.film + EXCLUDED.film AS film,
            weight * s.seconds + EXCLUDED.seconds AS seconds) summed)
    WHERE EXCLUDED.alone OR NOT s.alone OR s.measured_at <= now() - interval '1 day'
)
"""
_TELL_COMPLETE = "SELECT completes FROM recorded"
_RECORD_CELL = f"WITH recorded AS ({_UPDATE_CELL}) {_HASH} {_TELL_COMPLETE}"
_RECORD_PICTURE = f"WITH recorded AS ({_UPDATE_PICTURE}) {_HASH} {_TELL_COMPLETE}"
_RECORD_MEASURED = f"WITH recorded AS ({_UPDATE_PICTURE}) {_HASH} {_MEASURE} {_TELL_COMPLETE}"
# By living kinds of workers what is known of them; kinds that are gone come with what is known, too.
_SPEEDS = """
WITH living AS (
    SELECT DISTINCT w.labels FROM job_workers w JOIN procrastinate_workers p USING (id)
    WHERE w.lane = 'demand' AND p.last_heartbeat > now() - interval '1 minute'
)
SELECT coalesce(l.labels, s.labels) AS labels, l.labels IS NOT NULL AS living,
    s.encoder, s.side, s.rate, s.source_side, s.slow, s.film / s.seconds AS times
FROM living l FULL JOIN (
    SELECT * FROM encode_speeds WHERE measured_at > now() - interval '1 day'
    ORDER BY measured_at DESC LIMIT 2000) s ON s.labels = l.labels
LIMIT 2500
"""
_WHY_NOT_RECORDED = """
SELECT stored @> %(index)s::integer AS has_cell, coalesce(init_hash = %(init)s, true) AS fits,
    recipe = %(recipe)s AS same_plan
FROM renditions WHERE video_id = %(video)s AND name = %(name)s
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
_IS_WANTED = """
SELECT v.status = 'READY' AND NOT r.stored @> %s::integer
FROM videos v JOIN renditions r ON r.video_id = v.id
WHERE v.id = %s AND r.name = %s AND v.deleted_at IS NULL
"""
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


class StoredRow(msgspec.Struct, frozen=True):
    """Which of the cells asked for exist."""

    name: str
    recipe: str
    init_hash: bytes | None
    evictions: int
    evicting: bool
    cells: list[int]

    def inits(self) -> dict[str, str]:
        """By rendition, the SHA-256 (hexadecimal) of its stored init segment."""
        return {} if self.init_hash is None else {self.name: self.init_hash.hex()}


class DemandRow(StoredRow, frozen=True):
    """The same, with who needs which cells, as JSON: [Interest]."""

    interests: str

    def wanted(self) -> list[Interest]:
        return msgspec.json.decode(self.interests, type=list[Interest])


class ReadyRow(msgspec.Struct, frozen=True):
    """A video that has become READY."""

    replaces: UUID | None


class _Refusal(msgspec.Struct):
    has_cell: bool
    fits: bool
    same_plan: bool


class _Id(msgspec.Struct):
    id: UUID


class NewInterest(msgspec.Struct, frozen=True):
    """Somebody waits for a cell or reads it, for so many seconds."""

    video_id: UUID
    rendition: str
    cell: int
    waits: bool
    seconds: float


class NewCell(msgspec.Struct, frozen=True):
    """A cell whose object is stored whole."""

    rendition: str
    recipe: str
    index: int
    size: int
    md5: bytes
    init_hash: bytes
    keyframe_bytes: int
    evictions: int
    """Of the rendition when the making began."""
    work: Work | None = None
    effort: Effort | None = None
    """What it took to encode it; None where it was not encoded."""
    film: float = 0.0
    """Seconds that it lasts."""


class SpeedRow(msgspec.Struct, frozen=True):
    """How fast a kind of worker does a kind of work; None where nothing is known of it."""

    labels: list[str]
    living: bool
    encoder: str | None
    side: int | None
    rate: int | None
    source_side: int | None
    slow: bool | None
    times: float | None
    """Seconds of film a second."""


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


async def find_stored(db: Connection, video_id: UUID, cells: range) -> dict[str, StoredRow]:
    """By rendition, which cells of a range exist."""
    params = {"video": video_id, "first": cells.start, "stop": cells.stop}
    return {row.name: row for row in await fetch_all(db, StoredRow, _FIND_STORED, params)}


async def record_cell(db: Connection, video_id: UUID, cell: NewCell, *, worker_id: int | None = None) -> bool:
    """Makes a stored cell visible; repeatable. True where it is the one that completes its rendition.

    What it took is noted of the kind of `worker_id`.
    Raises InitChangedError where it does not fit the cells before it, EvictedError where its object may have been
    deleted meanwhile, RenditionGoneError where the video has no such rendition any more, PlanChangedError where it
    has another of that name.
    """
    params: dict[str, object] = {
        "video": video_id,
        "name": cell.rendition,
        "recipe": cell.recipe,
        "index": cell.index,
        "bytes": cell.size,
        "md5": cell.md5,
        "page": cell.index // HASHES_A_ROW,
        "place": cell.index % HASHES_A_ROW,
        "init": cell.init_hash,
        "keyframe_bytes": cell.keyframe_bytes,
        "evictions": cell.evictions,
    }
    statement = _RECORD_PICTURE if cell.keyframe_bytes else _RECORD_CELL
    if cell.work is not None and cell.effort is not None and worker_id is not None:
        statement = _RECORD_MEASURED
        params |= {
            **msgspec.structs.asdict(cell.work),
            "alone": cell.effort.alone,
            "film": cell.film,
            "seconds": max(cell.effort.seconds, _LEAST_SECONDS),
            "worker": worker_id,
            "memory": _SPEED_MEMORY,
            "least": _LEAST_FILM,
            "clear": _CLEARLY_FASTER,
        }
    completes: bool | None = await fetch_value(db, statement, params)
    if completes is None:
        refusal = await fetch_one(db, _Refusal, _WHY_NOT_RECORDED, params)
        if refusal is None:
            raise RenditionGoneError(cell.rendition)
        if not refusal.same_plan:
            raise PlanChangedError(f"{cell.rendition} of {video_id}")
        if not refusal.fits:
            raise InitChangedError(f"{cell.rendition} of {video_id}")
        if not refusal.has_cell:
            raise EvictedError(f"{cell.rendition} of {video_id}")
    return bool(completes)


def hash_rows(cells: Iterable[NewCell]) -> dict[int, bytes]:
    """The rows of `cell_hashes` of a rendition of which these cells are stored, by their pages."""
    rows: dict[int, bytearray] = {}
    for cell in cells:
        row = rows.setdefault(cell.index // HASHES_A_ROW, bytearray(16 * HASHES_A_ROW))
        start = 16 * (cell.index % HASHES_A_ROW)
        row[start : start + 16] = cell.md5
    return {page: bytes(row) for page, row in rows.items()}


async def list_speeds(db: Connection) -> list[SpeedRow]:
    """What is known of the kinds of workers; each living one has a row at least."""
    return await fetch_all(db, SpeedRow, _SPEEDS)


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


async def is_wanted(db: Connection, video_id: UUID, rendition: str, index: int) -> bool:
    """Whether the cell does not exist, and somebody may still make it."""
    return bool(await fetch_value(db, _IS_WANTED, (index, video_id, rendition)))


async def stay_alive(db: Connection, worker_id: int) -> None:
    """A sign of life of a worker."""
    await execute(db, _STAY_ALIVE, (worker_id,))
