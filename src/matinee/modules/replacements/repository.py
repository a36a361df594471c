"""Every query about replacements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media.model import Plan
from matinee.modules.encoding.errors import Failure
from matinee.modules.replacements.schemas import NewSource
from matinee.modules.videos.rules import Status

FORMER_HOURS = 24
"""How long what was replaced stays: longer than any address of it that was given out is good for."""

_FIND_FILM = """
SELECT owner_id, status, replaces IS NOT NULL AS replaces,
    EXISTS (SELECT 1 FROM added_sounds s WHERE s.video_id = v.id) AS has_added_sounds
FROM videos v WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE
"""
# The number of the next file: no object ever had its key.
_INSERT = """
INSERT INTO videos (owner_id, title, description, visibility, filename, filesize, filetype, part_size,
    encode_policy, keep_days, codecs, encode_priority, source_id, source_revision, replaces)
SELECT owner_id, title, description, 'private', %(filename)s, %(filesize)s, %(filetype)s, %(part_size)s,
    encode_policy, keep_days, codecs, encode_priority, id, 1 + greatest(source_revision,
        (SELECT max(o.source_revision) FROM videos o WHERE o.source_id = v.id)), id
FROM videos v WHERE id = %(film)s
RETURNING id
"""
_HOLD = "SELECT 1 FROM videos WHERE id = %s AND status = 'READY' AND deleted_at IS NULL FOR NO KEY UPDATE"
_KEEP_FORMER = """
INSERT INTO former_media (video_id, recipe, sounds, source_revision, owns_source, ends_at)
SELECT v.id, v.plan ->> 'recipe',
    ARRAY(SELECT r.name FROM renditions r WHERE r.video_id = v.id AND r.kind = 'audio'),
    v.source_revision, v.source_id IS NULL, now() + make_interval(hours => %s)
FROM videos v WHERE v.id = %s
"""
_TAKE_OVER = """
UPDATE videos v SET plan = %(plan)s::text::jsonb, plan_revision = v.plan_revision + 1,
    source_id = NULL, source_revision = u.source_revision, cut_from = NULL,
    filename = u.filename, filesize = u.filesize, filetype = u.filetype, part_size = u.part_size,
    duration = u.duration, width = u.width, height = u.height, encoding_failure = NULL,
    filling_cancelled_at = u.filling_cancelled_at,
    has_poster = false, placeholder = NULL, storyboard = NULL, has_preview = false, updated_at = now()
FROM videos u
WHERE u.id = %(replacement)s AND u.replaces = v.id AND u.status = 'READY' AND u.deleted_at IS NULL
  AND v.id = %(film)s AND u.plan_revision = %(revision)s
  AND NOT EXISTS (SELECT 1 FROM added_sounds s WHERE s.video_id = v.id)
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
SELECT source_revision, owns_source, ends_at FROM former_media WHERE video_id = %s AND recipe = %s
"""
_END_FORMER = "DELETE FROM former_media WHERE video_id = %s AND recipe = %s"


class FilmRow(msgspec.Struct, frozen=True):
    """A video that is not deleted, to get another file."""

    owner_id: UUID
    status: Status
    replaces: bool
    """It is about to take another video's place."""
    has_added_sounds: bool


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
    owns_source: bool
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


async def list_made(db: Connection, video_id: UUID) -> list[MadeRow]:
    """What exists of a replacement."""
    return await fetch_all(db, MadeRow, _KEYFRAMES, (video_id,))


async def take_over(db: Connection, film_id: UUID, replacement_id: UUID, plan: Plan, *, revision: int) -> bool:
    """Gives a video its replacement's file and plan, without a cell, and ends the replacement.

    False where either is gone by now, the replacement has another plan than that of `revision`, or a sound was added
    to the video; then the transaction is to be rolled back. What was made of the former file is
    kept for FORMER_HOURS.
    """
    for held in (film_id, replacement_id):
        if await fetch_value(db, _HOLD, (held,)) is None:
            return False
    await execute(db, _KEEP_FORMER, (FORMER_HOURS, film_id))
    text = msgspec.json.encode(plan).decode()
    params = {"plan": text, "replacement": replacement_id, "film": film_id, "revision": revision}
    if await execute(db, _TAKE_OVER, params) == 0:
        return False
    await execute(db, _FORGET_RENDITIONS, (film_id,))
    await execute(db, _FORGET_INTERESTS, (film_id,))
    await execute(db, _END, (replacement_id,))
    return True


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
