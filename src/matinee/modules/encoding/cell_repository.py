"""Which cells are stored: queried and recorded, with what they are (their hashes) and how long they took to make."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all, fetch_one, fetch_value
from matinee.media.cells import Effort
from matinee.media.speed import Work
from matinee.modules.encoding.errors import EvictedError, InitChangedError, PlanChangedError, RenditionGoneError

_SPEED_MEMORY = 0.97  # what weighs what was known, at each cell: the last two minutes of film count for most
_LEAST_FILM = 6.0  # seconds; one cell alone, made while a machine wakes up, says little
_LEAST_SECONDS = 0.001
_CLEARLY_FASTER = 1.15  # than real time: else a quality would come and go with every cell

HASHES_A_ROW = 32  # cells of a rendition, of `cell_hashes`; more: more is written anew with each, fewer: more rows

_FIND_STORED = """
SELECT name, recipe, init_hash, evictions, evicting, ARRAY(
    SELECT i FROM generate_series(%(first)s::integer, %(stop)s::integer - 1) i WHERE stored @> i ORDER BY i) AS cells
FROM renditions WHERE video_id = %(video)s ORDER BY position LIMIT 100
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
_WHY_NOT_RECORDED = """
SELECT stored @> %(index)s::integer AS has_cell, coalesce(init_hash = %(init)s, true) AS fits,
    recipe = %(recipe)s AS same_plan
FROM renditions WHERE video_id = %(video)s AND name = %(name)s
"""
_IS_WANTED = """
SELECT v.status = 'READY' AND NOT r.stored @> %s::integer
FROM videos v JOIN renditions r ON r.video_id = v.id
WHERE v.id = %s AND r.name = %s AND v.deleted_at IS NULL
"""
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


class _Refusal(msgspec.Struct):
    has_cell: bool
    fits: bool
    same_plan: bool


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


async def find_stored(db: Connection, video_id: UUID, cells: range) -> dict[str, StoredRow]:
    """By rendition, which cells of a range exist."""
    params = {"video": video_id, "first": cells.start, "stop": cells.stop}
    return {row.name: row for row in await fetch_all(db, StoredRow, _FIND_STORED, params)}


async def is_wanted(db: Connection, video_id: UUID, rendition: str, index: int) -> bool:
    """Whether the cell does not exist, and somebody may still make it."""
    return bool(await fetch_value(db, _IS_WANTED, (index, video_id, rendition)))


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
