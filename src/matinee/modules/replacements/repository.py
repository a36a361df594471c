"""Every query about replacements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media.model import Plan
from matinee.modules.encoding.cell_repository import NewCell, hash_rows
from matinee.modules.encoding.errors import Failure
from matinee.modules.replacements.schemas import NewSource
from matinee.modules.videos.rules import Status

FORMER_HOURS = 24
"""How long what was replaced stays: longer than any address of it that was given out is good for."""

_FIND_FILM = """
SELECT owner_id, status, replaces IS NOT NULL AS replaces, coalesce(source_id, id) AS keeper,
    source_id IS NOT NULL AND NOT shares_file AS is_clip,
    plan::text AS plan, watermark::text AS watermark
FROM videos v WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE
"""
_FIND_PENDING = """
SELECT id, status, plan::text AS plan, cut_from IS NOT NULL AS is_derived,
    EXISTS (SELECT 1 FROM videos v WHERE v.id = u.replaces AND coalesce(v.source_id, v.id) = u.source_id
        AND v.source_revision = u.source_revision) AS is_same_file
FROM videos u WHERE replaces = %s AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1
"""
# The numbers of the next file and edition: no object ever had their keys.
_INSERT = """
INSERT INTO videos (owner_id, title, description, visibility, filename, filesize, filetype, part_size,
    encode_policy, keep_days, codecs, encode_priority, watermark, encryption,
    source_id, source_revision, edition, replaces, announced_sha256)
SELECT owner_id, title, description, 'private', %(filename)s, %(filesize)s, %(filetype)s, %(part_size)s,
    encode_policy, keep_days, codecs, encode_priority, watermark, encryption, id, 1 + greatest(source_revision,
        (SELECT max(o.source_revision) FROM videos o WHERE o.source_id = v.id)), 1 + greatest(edition,
        (SELECT max(o.edition) FROM videos o WHERE o.replaces = v.id)), id, decode(%(sha256)s::text, 'hex')
FROM videos v WHERE id = %(film)s
RETURNING id
"""
# Made from the file that the film is made from; from its plan, too, where there is one here.
_INSERT_REMAKE = """
INSERT INTO videos (owner_id, title, description, visibility, filename, filesize, filetype, part_size,
    encode_policy, keep_days, codecs, encode_priority, watermark, encryption,
    source_id, source_revision, edition, replaces, announced_sha256, shares_file, duplicate_of,
    status, plan, duration, width, height, cut_from)
SELECT owner_id, title, description, 'private', filename, filesize, filetype, part_size,
    encode_policy, keep_days, codecs, encode_priority, watermark, encryption, coalesce(source_id, id),
    source_revision,
    1 + greatest(edition, (SELECT max(o.edition) FROM videos o WHERE o.replaces = v.id)), id,
    announced_sha256, shares_file, duplicate_of, 'PROCESSING', new.plan, new.duration,
    CASE WHEN new.plan IS NOT NULL THEN width END,
    CASE WHEN new.plan IS NOT NULL THEN height END, CASE WHEN new.plan IS NOT NULL THEN id END
FROM videos v, (SELECT %(plan)s::text::jsonb AS plan, %(duration)s::double precision AS duration) AS new
WHERE id = %(film)s
RETURNING id
"""
_HOLD = "SELECT 1 FROM videos WHERE id = %s AND status = 'READY' AND deleted_at IS NULL FOR NO KEY UPDATE"
_KEEP_FORMER = """
INSERT INTO former_media (video_id, recipe, sounds, source_revision, edition, owns_source, ends_at)
SELECT v.id, v.plan ->> 'recipe',
    ARRAY(SELECT r.name FROM renditions r WHERE r.video_id = v.id AND r.kind = 'audio'),
    v.source_revision, v.edition,
    v.source_id IS NULL AND NOT (u.source_id = v.id AND u.source_revision = v.source_revision),
    now() + make_interval(hours => %s)
FROM videos v, videos u WHERE v.id = %s AND u.id = %s
"""
_TAKE_OVER = """
UPDATE videos v SET plan = %(plan)s::text::jsonb, plan_revision = v.plan_revision + 1,
    source_id = nullif(u.source_id, v.id), source_revision = u.source_revision, edition = u.edition, cut_from = NULL,
    announced_sha256 = u.announced_sha256, shares_file = u.shares_file, duplicate_of = u.duplicate_of,
    filename = u.filename, filesize = u.filesize, filetype = u.filetype, part_size = u.part_size,
    duration = u.duration, width = u.width, height = u.height, encoding_failure = NULL,
    filling_cancelled_at = u.filling_cancelled_at,
    has_poster = false, placeholder = NULL, storyboard = NULL, has_preview = false, updated_at = now()
FROM videos u
WHERE u.id = %(replacement)s AND u.replaces = v.id AND u.status = 'READY' AND u.deleted_at IS NULL
  AND v.id = %(film)s AND u.plan_revision = %(revision)s AND v.plan_revision = %(film_revision)s
"""
_IS_UNVERIFIED = """
SELECT 1 FROM videos v WHERE id = %s AND announced_sha256 IS NOT NULL AND NOT EXISTS (
    SELECT FROM file_hashes h WHERE h.video_id = v.source_id AND h.revision = v.source_revision)
"""
_FORGET_RENDITIONS = "DELETE FROM renditions WHERE video_id = %s"
_FORGET_INTERESTS = "DELETE FROM interests WHERE video_id = %s"
_FORGET_TRACKS = """
DELETE FROM text_tracks WHERE video_id = %s
  AND (source_stream IS NOT NULL OR machine_made OR state <> 'ready') RETURNING id
"""
_END = "UPDATE videos SET deleted_at = now(), updated_at = now() WHERE id = %s AND deleted_at IS NULL"
_FAIL = """
UPDATE videos SET status = 'FAILED', failure_code = %s, failure_detail = %s, updated_at = now()
WHERE id = %s AND replaces IS NOT NULL AND status = 'READY' AND deleted_at IS NULL
"""
# What is copied already, at once: a film has thousands of cells.
_RECORD_COPIED = """
UPDATE renditions SET stored = (SELECT range_agg(int4range(i, i + 1)) FROM unnest(%(cells)s::integer[]) i),
    bytes = %(bytes)s, init_hash = %(init)s, first_cell_at = now(),
    keyframe_bytes = CASE WHEN kind = 'audio' THEN keyframe_bytes ELSE
        ARRAY(SELECT p.prefix FROM generate_series(0, cells - 1) i
            LEFT JOIN unnest(%(cells)s::integer[], %(prefixes)s::integer[]) AS p (cell, prefix) ON p.cell = i
            ORDER BY i) END
WHERE video_id = %(video)s AND name = %(name)s
RETURNING stored = int4multirange(int4range(0, cells))
"""
_HASH_COPIED = """
INSERT INTO cell_hashes (video_id, name, page, md5s)
SELECT %(video)s, %(name)s, page, md5s FROM unnest(%(pages)s::integer[], %(md5s)s::bytea[]) AS new (page, md5s)
"""
_WITHDRAW = "DELETE FROM downloads WHERE video_id = %s AND name <> ALL(%s)"
_PREPARE_AGAIN = """
UPDATE downloads d SET failure = NULL,
    size = CASE WHEN d.name = 'original' THEN v.filesize END, ready_at = CASE WHEN d.name = 'original' THEN now() END
FROM videos v WHERE v.id = d.video_id AND d.video_id = %s
RETURNING d.name
"""
_KEYFRAMES = """
SELECT name, recipe, init_hash, keyframe_bytes, ARRAY(
    SELECT i FROM generate_series(0, cells - 1) i WHERE stored @> i ORDER BY i LIMIT 1000) AS cells
FROM renditions WHERE video_id = %s AND init_hash IS NOT NULL ORDER BY position LIMIT 100
"""
_LIST_ENDED = """
SELECT video_id, recipe FROM former_media f WHERE ends_at < now()
  AND NOT EXISTS (SELECT 1 FROM videos clip
    WHERE f.owns_source AND clip.source_id = f.video_id AND clip.source_revision = f.source_revision
      AND clip.replaces IS NULL)
ORDER BY ends_at LIMIT 100
"""
_FIND_FORMER = """
SELECT source_revision, edition, owns_source, ends_at FROM former_media WHERE video_id = %s AND recipe = %s
"""
_END_FORMER = "DELETE FROM former_media WHERE video_id = %s AND recipe = %s"


class FilmRow(msgspec.Struct, frozen=True):
    """A video that is not deleted, to get another file."""

    owner_id: UUID
    status: Status
    replaces: bool
    """It is about to take another video's place."""
    keeper: UUID
    """The video that keeps the file it is made from."""
    is_clip: bool
    plan: str | None
    watermark: str | None
    """What its owner chose, as JSON; None: nothing."""


class PendingRow(msgspec.Struct, frozen=True):
    """What is to take a video's place."""

    id: UUID
    status: Status
    plan: str | None
    is_derived: bool
    """Made from the video's own plan."""
    is_same_file: bool


class MadeRow(msgspec.Struct, frozen=True):
    """What exists of a rendition of a replacement."""

    name: str
    recipe: str
    init_hash: bytes
    keyframe_bytes: list[int | None]
    cells: list[int]


class FormerRow(msgspec.Struct, frozen=True):
    """What a video had before its file was replaced."""

    source_revision: int
    edition: int
    owns_source: bool
    """The file went with it."""
    ends_at: datetime


class EndedRow(msgspec.Struct, frozen=True):
    """What may be removed now."""

    video_id: UUID
    recipe: str


class _Id(msgspec.Struct):
    id: UUID


class _Name(msgspec.Struct):
    name: str


async def find_film(db: Connection, video_id: UUID) -> FilmRow | None:
    """The video, which stays as it is until the transaction ends."""
    return await fetch_one(db, FilmRow, _FIND_FILM, (video_id,))


async def insert_replacement(db: Connection, film_id: UUID, new: NewSource, part_size: int) -> UUID:
    """A video that is to take the place of one that is held by `find_film`."""
    params = {**msgspec.structs.asdict(new), "film": film_id, "part_size": part_size}
    video_id: UUID = await fetch_value(db, _INSERT, params)
    return video_id


async def find_pending(db: Connection, film_id: UUID) -> PendingRow | None:
    """What was announced last to take a video's place, if it is not given up; it may have failed."""
    return await fetch_one(db, PendingRow, _FIND_PENDING, (film_id,))


async def insert_remake(db: Connection, film_id: UUID, plan: Plan | None) -> UUID:
    """A video, PROCESSING, that is to take the place of one that is held by `find_film`, made from the same file.

    `plan` is derived from that of the film; without one it is planned anew.
    """
    params = {
        "film": film_id,
        "plan": None if plan is None else msgspec.json.encode(plan).decode(),
        "duration": None if plan is None else float(plan.grid.duration),
    }
    video_id: UUID = await fetch_value(db, _INSERT_REMAKE, params)
    return video_id


async def list_made(db: Connection, video_id: UUID) -> list[MadeRow]:
    """What exists of a replacement."""
    return await fetch_all(db, MadeRow, _KEYFRAMES, (video_id,))


async def is_unverified(db: Connection, replacement_id: UUID) -> bool:
    """Whether something was announced of its file, which was not read yet."""
    return await fetch_value(db, _IS_UNVERIFIED, (replacement_id,)) is not None


async def take_over(
    db: Connection, film_id: UUID, replacement_id: UUID, plan: Plan, *, revision: int, film_revision: int
) -> bool:
    """Gives a video its replacement's file and this plan, without a cell, and ends the replacement.

    False where either is gone by now or has another plan than that of its revision; then the transaction is to be
    rolled back. What was shown before is kept for FORMER_HOURS.
    """
    for held in (film_id, replacement_id):
        if await fetch_value(db, _HOLD, (held,)) is None:
            return False
    await execute(db, _KEEP_FORMER, (FORMER_HOURS, film_id, replacement_id))
    params = {
        "plan": msgspec.json.encode(plan).decode(),
        "replacement": replacement_id,
        "film": film_id,
        "revision": revision,
        "film_revision": film_revision,
    }
    if await execute(db, _TAKE_OVER, params) == 0:
        return False
    await execute(db, _FORGET_RENDITIONS, (film_id,))
    await execute(db, _FORGET_INTERESTS, (film_id,))
    await execute(db, _END, (replacement_id,))
    return True


async def record_copied(db: Connection, film_id: UUID, name: str, cells: Sequence[NewCell]) -> bool:
    """These cells of a rendition, of which nothing was recorded, are stored. True where they complete it."""
    params = {
        "video": film_id,
        "name": name,
        "cells": [cell.index for cell in cells],
        "prefixes": [cell.keyframe_bytes for cell in cells],
        "bytes": sum(cell.size for cell in cells),
        "init": cells[0].init_hash,
    }
    completes = bool(await fetch_value(db, _RECORD_COPIED, params))
    rows = hash_rows(cells)
    await execute(
        db, _HASH_COPIED, {"video": film_id, "name": name, "pages": list(rows), "md5s": list(rows.values())}
    )
    return completes


async def fail(db: Connection, video_id: UUID, failure: Failure) -> bool:
    """A replacement that was ready and could not take the other's place turns FAILED; False for any other video."""
    return await execute(db, _FAIL, (failure.code, failure.sentence, video_id)) == 1


async def forget_tracks(db: Connection, film_id: UUID) -> list[UUID]:
    """Drops the text tracks that came with the former file; returns their ids."""
    return [row.id for row in await fetch_all(db, _Id, _FORGET_TRACKS, (film_id,))]


async def prepare_downloads_again(db: Connection, film_id: UUID, names: Sequence[str]) -> list[str]:
    """What is offered is to be made anew, where it is one of these; returns which."""
    await execute(db, _WITHDRAW, (film_id, list(names)))
    return [row.name for row in await fetch_all(db, _Name, _PREPARE_AGAIN, (film_id,))]


async def list_ended(db: Connection) -> list[EndedRow]:
    """What was replaced long enough ago, and of whose file there is no clip; 100 at most."""
    return await fetch_all(db, EndedRow, _LIST_ENDED)


async def find_former(db: Connection, video_id: UUID, recipe: str) -> FormerRow | None:
    """What is still stored from before."""
    return await fetch_one(db, FormerRow, _FIND_FORMER, (video_id, recipe))


async def end_former(db: Connection, video_id: UUID, recipe: str) -> None:
    """It is removed."""
    await execute(db, _END_FORMER, (video_id, recipe))
