"""Every query about text tracks and chapters. What playlists say of them is read by playback."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media.captions.model import Format
from matinee.media.model import Plan
from matinee.media.stored_plans import decode_plan
from matinee.modules.tracks.schemas import Chapter, Kind, State, TrackChange

_PLAN = "SELECT plan::text FROM videos WHERE id = %s AND deleted_at IS NULL"
_LOCK_VIDEO = "SELECT 1 FROM videos WHERE id = %s AND deleted_at IS NULL FOR NO KEY UPDATE"
_SELECT = """
SELECT t.id, t.kind, t.language, t.name, t.is_default, t.is_forced, t.source_stream, t.format, t.encoding, t.cues,
    t.created_at, t.updated_at, t.state, t.machine_made, t.of_sound, t.whole, t.whole_start, h.probability, h.failure,
    100.0::double precision * h.heard / h.windows AS percent
FROM text_tracks t LEFT JOIN hearings h ON h.track_id = t.id WHERE t.video_id = %s
"""
_LIST = f"{_SELECT} ORDER BY t.created_at, t.source_stream, t.id LIMIT 100"
_FIND = f"{_SELECT} AND t.id = %s FOR UPDATE OF t"
_COUNT = "SELECT count(*) FROM text_tracks WHERE video_id = %s"
_INSERT = """
INSERT INTO text_tracks
    (id, video_id, kind, language, name, is_default, is_forced, source_stream, format, encoding, cues,
     state, machine_made, of_sound, whole, whole_start, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, coalesce(%s, now())) ON CONFLICT DO NOTHING
"""
_NO_DEFAULT = """
UPDATE text_tracks SET is_default = false, updated_at = now()
WHERE video_id = %s AND menu = CASE WHEN %s::text = 'captions' THEN 'subtitles' ELSE %s::text END AND is_default
    AND id <> %s
"""
_CHANGE = """
UPDATE text_tracks SET kind = %s, language = %s, name = %s, is_default = %s, is_forced = %s, updated_at = now()
WHERE id = %s
"""
_DELETE = "DELETE FROM text_tracks WHERE video_id = %s AND id = %s"
_DELETE_FAILED = "DELETE FROM text_tracks WHERE video_id = %s AND state = 'failed'"
_CHAPTERS = "SELECT items::text FROM chapters WHERE video_id = %s"
_SET_CHAPTERS = """
INSERT INTO chapters (video_id, items) VALUES (%s, %s::text::jsonb)
ON CONFLICT (video_id) DO UPDATE SET items = excluded.items
"""
_CHAPTERS_AND_WHOLE = "SELECT items::text, whole::text, whole_start FROM chapters WHERE video_id = %s"
_CUT_CHAPTERS = """
INSERT INTO chapters (video_id, items, whole, whole_start) VALUES (%s, %s::text::jsonb, %s::text::jsonb, %s)
ON CONFLICT (video_id) DO UPDATE
SET items = excluded.items, whole = excluded.whole, whole_start = excluded.whole_start
"""
_FORGET_WHOLE_CHAPTERS = "UPDATE chapters SET whole = NULL, whole_start = NULL WHERE video_id = %s"
_FORGET_WHOLES = """
WITH had AS (SELECT id, whole FROM text_tracks WHERE video_id = %s AND whole IS NOT NULL FOR UPDATE)
UPDATE text_tracks t SET whole = NULL, whole_start = NULL FROM had WHERE t.id = had.id RETURNING had.whole AS id
"""
_ADD_CHAPTERS = "INSERT INTO chapters (video_id, items) VALUES (%s, %s::text::jsonb) ON CONFLICT DO NOTHING"


class TrackRow(msgspec.Struct, frozen=True):
    """A text track."""

    id: UUID
    kind: Kind
    language: str
    name: str
    is_default: bool
    is_forced: bool
    source_stream: int | None
    format: Format
    encoding: str
    cues: int
    created_at: datetime
    updated_at: datetime
    state: State
    machine_made: bool
    of_sound: bool
    whole: UUID | None
    """Its object before it was cut to the part that is shown."""
    whole_start: int | None
    """Milliseconds of that at which the part begins."""
    probability: float | None
    failure: str | None
    percent: float | None


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A text track whose file is stored, or is being made."""

    id: UUID
    kind: Kind
    language: str
    name: str
    is_default: bool
    is_forced: bool
    source_stream: int | None = None
    format: Format
    encoding: str
    cues: int
    state: State = "ready"
    machine_made: bool = False
    of_sound: bool = False
    whole: UUID | None = None
    whole_start: int | None = None
    created_at: datetime | None = None
    """None: now."""


class WholeChapters(msgspec.Struct, frozen=True):
    """Chapters before they were cut to the part that is shown."""

    items: list[Chapter]
    start: float
    """Seconds of them at which the part begins."""


class _ChaptersRow(msgspec.Struct, frozen=True):
    items: str
    whole: str | None
    whole_start: float | None


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def find_plan(db: Connection, video_id: UUID) -> Plan | None:
    """The plan of a video that is not deleted."""
    text = await fetch_value(db, _PLAN, (video_id,))
    return None if text is None else decode_plan(text)


async def lock_video(db: Connection, video_id: UUID) -> bool:
    """Whether the video is there, and then nobody else adds tracks to it or deletes it in this transaction's time."""
    return await fetch_value(db, _LOCK_VIDEO, (video_id,)) is not None


async def list_tracks(db: Connection, video_id: UUID) -> list[TrackRow]:
    """The tracks of a video, in the order of the menu."""
    return await fetch_all(db, TrackRow, _LIST, (video_id,))


async def find_track(db: Connection, video_id: UUID, track_id: UUID) -> TrackRow | None:
    """One track, which stays as it is until the transaction ends."""
    return await fetch_one(db, TrackRow, _FIND, (video_id, track_id))


async def count_tracks(db: Connection, video_id: UUID) -> int:
    """How many tracks a video has."""
    return int(await fetch_value(db, _COUNT, (video_id,)))


async def insert_track(db: Connection, video_id: UUID, new: NewRow) -> None:
    """Adds a track unless it was added before, and takes the default from another. The video is locked."""
    if new.is_default:
        await execute(db, _NO_DEFAULT, (video_id, new.kind, new.kind, new.id))
    values = (
        new.id,
        video_id,
        new.kind,
        new.language,
        new.name,
        new.is_default,
        new.is_forced,
        new.source_stream,
        new.format,
        new.encoding,
        new.cues,
        new.state,
        new.machine_made,
        new.of_sound,
        new.whole,
        new.whole_start,
        new.created_at,
    )
    await execute(db, _INSERT, values)


async def change_track(db: Connection, video_id: UUID, row: TrackRow, change: TrackChange) -> None:
    """Changes the fields that are set. The video is locked."""
    kind = row.kind if change.kind is UNSET else change.kind
    is_default = row.is_default if change.default is UNSET else change.default
    if is_default:
        await execute(db, _NO_DEFAULT, (video_id, kind, kind, row.id))
    values = (
        kind,
        row.language if change.language is UNSET else change.language,
        row.name if change.name is UNSET else change.name,
        is_default,
        row.is_forced if change.forced is UNSET else change.forced,
        row.id,
    )
    await execute(db, _CHANGE, values)


async def delete_track(db: Connection, video_id: UUID, track_id: UUID) -> bool:
    """Deletes a track; False where there is none such."""
    return await execute(db, _DELETE, (video_id, track_id)) == 1


async def delete_failed(db: Connection, video_id: UUID) -> None:
    """Deletes the tracks that a machine could not make; they have no file. The video is locked."""
    await execute(db, _DELETE_FAILED, (video_id,))


async def find_chapters(db: Connection, video_id: UUID) -> list[Chapter]:
    """The chapters of a video."""
    text = await fetch_value(db, _CHAPTERS, (video_id,))
    return [] if text is None else msgspec.json.decode(text, type=list[Chapter])


async def set_chapters(db: Connection, video_id: UUID, chapters: list[Chapter]) -> None:
    """Replaces the chapters."""
    await execute(db, _SET_CHAPTERS, (video_id, msgspec.json.encode(chapters).decode()))


async def find_chapters_and_whole(db: Connection, video_id: UUID) -> tuple[list[Chapter], WholeChapters | None]:
    """The chapters of a video, and what they were cut from."""
    row = await fetch_one(db, _ChaptersRow, _CHAPTERS_AND_WHOLE, (video_id,))
    if row is None:
        return [], None
    items = msgspec.json.decode(row.items, type=list[Chapter])
    if row.whole is None or row.whole_start is None:
        return items, None
    return items, WholeChapters(msgspec.json.decode(row.whole, type=list[Chapter]), row.whole_start)


async def cut_chapters(db: Connection, video_id: UUID, chapters: list[Chapter], whole: WholeChapters | None) -> None:
    """Replaces the chapters, and what they were cut from."""
    kept = None if whole is None else msgspec.json.encode(whole.items).decode()
    start = None if whole is None else whole.start
    await execute(db, _CUT_CHAPTERS, (video_id, msgspec.json.encode(chapters).decode(), kept, start))


async def forget_wholes(db: Connection, video_id: UUID) -> list[UUID]:
    """Lets texts be all that there is, for a video that gets another file; returns the objects that are of no use."""
    await execute(db, _FORGET_WHOLE_CHAPTERS, (video_id,))
    return [row.id for row in await fetch_all(db, _Id, _FORGET_WHOLES, (video_id,))]


async def add_chapters(db: Connection, video_id: UUID, chapters: list[Chapter]) -> None:
    """Sets the chapters where nobody has set any, not even none."""
    await execute(db, _ADD_CHAPTERS, (video_id, msgspec.json.encode(chapters).decode()))
