"""Every query of playback. A request for a cell is one statement over two primary keys."""

from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Range

from matinee.common.database import Database, fetch_one, fetch_value
from matinee.media.bandwidth import Measured
from matinee.media.captions.listing import ListedTrack
from matinee.media.model import Plan
from matinee.media.stored_plans import decode_plan
from matinee.modules.videos.access import GUARDED, GuardedFacts
from matinee.modules.videos.rules import Encryption, Status

# `version` changes with every change of the row, whoever makes it, so what is derived from a row can be kept by it.

_FACTS = f"{GUARDED}, v.status, v.encryption, v.key_version, v.xmin::text::bigint AS version"
_OF_VIDEO = "FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL LIMIT 1"
_STORED = """
coalesce((SELECT json_object_agg(r.name, json_build_object(
        'cells', (SELECT coalesce(sum(upper(run) - lower(run)), 0) FROM unnest(r.stored) run),
        'bytes', r.bytes,
        'starts', r.stored @> 0))
    FROM renditions r WHERE r.video_id = v.id), '{}')::text
"""
_TEXTS = """
coalesce((SELECT json_agg(json_build_object('id', t.id, 'kind', t.kind, 'language', t.language, 'name', t.name,
        'default', t.is_default, 'forced', t.is_forced, 'machine_made', t.machine_made)
        ORDER BY t.created_at, t.source_stream, t.id)
    FROM text_tracks t WHERE t.video_id = v.id AND t.menu = 'subtitles' AND t.state = 'ready'), '[]')::text
"""

_VIDEO = f"SELECT {_FACTS} {_OF_VIDEO}"

_LADDER = f"SELECT {_FACTS}, {_STORED} AS ladder, {_TEXTS} AS texts {_OF_VIDEO}"

_MENU = f"SELECT {_FACTS}, {_TEXTS} AS texts {_OF_VIDEO}"

_OF_TRACK = """
FROM videos v LEFT JOIN text_tracks t ON t.video_id = v.id AND t.id = %s AND t.state = 'ready'
WHERE v.id = %s AND v.deleted_at IS NULL LIMIT 1
"""
_TRACK = f"""
SELECT {_FACTS},
    t.id IS NOT NULL AS has_track
{_OF_TRACK}
"""

_OF_CELLS = """
FROM videos v LEFT JOIN renditions r ON r.video_id = v.id AND r.name = %s
WHERE v.id = %s AND v.deleted_at IS NULL LIMIT 1
"""
_CELLS = f"""
SELECT {_FACTS},
    r.recipe, r.cells, r.stored, r.init_hash IS NOT NULL AS has_init,
    coalesce(r.kind = 'audio', false) AS is_sound
{_OF_CELLS}
"""

_OF_FORMER = """
FROM former_media f JOIN videos v ON v.id = f.video_id
WHERE f.video_id = %s AND f.recipe = %s AND v.deleted_at IS NULL LIMIT 1
"""
_FORMER = f"""
SELECT {_FACTS},
    %s = ANY(f.sounds) AS is_sound
{_OF_FORMER}
"""

_OF_KEYFRAMES = """
FROM videos v LEFT JOIN renditions r ON r.video_id = v.id AND r.name = %s
WHERE v.id = %s AND v.deleted_at IS NULL LIMIT 1
"""
_KEYFRAMES = f"""
SELECT {_FACTS},
    r.xmin::text::bigint AS recorded
{_OF_KEYFRAMES}
"""

_PLAN = "SELECT plan::text FROM videos WHERE id = %s LIMIT 1"

_KEYFRAME_BYTES = "SELECT keyframe_bytes FROM renditions WHERE video_id = %s AND name = %s LIMIT 1"


class VideoFacts(GuardedFacts, frozen=True):
    """Who may see a video, and whether it can be played."""

    status: Status
    encryption: Encryption
    key_version: int
    version: int


class MenuFacts(VideoFacts, frozen=True):
    """A video with its subtitles and captions, as JSON: [ListedTrack]."""

    texts: str

    def listed(self) -> list[ListedTrack]:
        return msgspec.json.decode(self.texts, type=list[ListedTrack])


class TrackFacts(VideoFacts, frozen=True):
    """A video, and whether a text track is one of its own."""

    has_track: bool


class LadderFacts(VideoFacts, frozen=True):
    """A video with what is stored of each rendition, as JSON: {name: Measured}, and its subtitles and captions."""

    ladder: str
    texts: str

    def listed(self) -> list[ListedTrack]:
        return msgspec.json.decode(self.texts, type=list[ListedTrack])

    def measured(self) -> dict[str, Measured]:
        return msgspec.json.decode(self.ladder, type=dict[str, Measured])


class CellFacts(VideoFacts, frozen=True):
    """A video with one rendition and its stored cells; None where it has no rendition of that name."""

    recipe: str | None
    cells: int | None
    stored: "list[Range[int]] | None"
    has_init: bool
    is_sound: bool

    def has(self, index: int) -> bool:
        """Whether the cell is stored."""
        return any((run.lower or 0) <= index < (run.upper or 0) for run in self.stored or ())

    @property
    def is_complete(self) -> bool:
        """Whether every cell is stored."""
        stored = self.stored or []
        return len(stored) == 1 and (stored[0].lower or 0, stored[0].upper) == (0, self.cells)

    def first_missing_after(self, index: int) -> int | None:
        """The first cell behind `index` that is not stored; None at the end."""
        for run in self.stored or ():
            if (run.lower or 0) <= index + 1 < (run.upper or 0):
                index = (run.upper or 0) - 1
        return index + 1 if index + 1 < (self.cells or 0) else None


class FormerFacts(VideoFacts, frozen=True):
    """A video of which something is still stored from before its file was replaced."""

    is_sound: bool


class KeyframeFacts(VideoFacts, frozen=True):
    """A video with the version of one rendition's row; None where it has no rendition of that name."""

    recorded: int | None


class PlaybackRepository:
    """Reads, each on a connection that is held for the statement alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_video(self, video_id: UUID) -> VideoFacts | None:
        """A video that is not deleted."""
        async with self._database.connection() as db:
            return await fetch_one(db, VideoFacts, _VIDEO, (video_id,))

    async def find_ladder(self, video_id: UUID) -> LadderFacts | None:
        """A video, what is stored of it, and its subtitles and captions."""
        async with self._database.connection() as db:
            return await fetch_one(db, LadderFacts, _LADDER, (video_id,))

    async def find_menu(self, video_id: UUID) -> MenuFacts | None:
        """A video and its subtitles and captions."""
        async with self._database.connection() as db:
            return await fetch_one(db, MenuFacts, _MENU, (video_id,))

    async def find_track(self, video_id: UUID, track_id: UUID) -> TrackFacts | None:
        """A video and whether a text track is its own."""
        async with self._database.connection() as db:
            return await fetch_one(db, TrackFacts, _TRACK, (track_id, video_id))

    async def find_cells(self, video_id: UUID, rendition: str) -> CellFacts | None:
        """A video and the stored cells of one rendition."""
        async with self._database.connection() as db:
            return await fetch_one(db, CellFacts, _CELLS, (rendition, video_id))

    async def find_former(self, video_id: UUID, recipe: str, rendition: str) -> FormerFacts | None:
        """A video that had such a plan lately; None for any other."""
        async with self._database.connection() as db:
            return await fetch_one(db, FormerFacts, _FORMER, (rendition, video_id, recipe))

    async def find_keyframes(self, video_id: UUID, rendition: str) -> KeyframeFacts | None:
        """A video and the version of one of its renditions."""
        async with self._database.connection() as db:
            return await fetch_one(db, KeyframeFacts, _KEYFRAMES, (rendition, video_id))

    async def read_plan(self, video_id: UUID) -> Plan | None:
        """The plan of a video; None where it was removed meanwhile."""
        async with self._database.connection() as db:
            text = await fetch_value(db, _PLAN, (video_id,))
        return None if text is None else decode_plan(text)

    async def read_keyframe_bytes(self, video_id: UUID, rendition: str) -> list[int | None]:
        """By cell, how many bytes reach to the end of its first keyframe; None where it is not stored."""
        async with self._database.connection() as db:
            sizes: Any = await fetch_value(db, _KEYFRAME_BYTES, (video_id, rendition))
        return sizes or []
