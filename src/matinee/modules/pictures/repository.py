"""Every query about pictures."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value
from matinee.modules.videos.access import GUARDED, GuardedFacts
from matinee.modules.videos.rules import Status

_OF_VIDEO = """
FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL
"""
_FIND = f"""
SELECT {GUARDED}, v.status,
    v.has_poster, v.chosen_poster, v.storyboard::text AS storyboard, v.has_preview, v.edition
{_OF_VIDEO}
"""
# By rendition that has the cell, how many of its bytes reach to the end of the keyframe.
_KEYFRAMES = """
coalesce((SELECT json_object_agg(r.name, r.keyframe_bytes[%(cell)s::integer + 1]) FROM renditions r
        WHERE r.video_id = v.id AND r.stored @> %(cell)s::integer
            AND r.keyframe_bytes[%(cell)s::integer + 1] IS NOT NULL), '{}')::text
"""
_OF_KEYFRAMES = """
FROM videos v WHERE v.id = %(video)s AND v.deleted_at IS NULL
"""
_FIND_KEYFRAMES = f"""
SELECT {GUARDED},
    v.status, coalesce(v.source_id, v.id) AS source_id, v.source_revision,
    {_KEYFRAMES} AS keyframes
{_OF_KEYFRAMES}
"""
_PLAN = """
SELECT plan_revision, CASE WHEN plan_revision IS DISTINCT FROM %s::integer THEN plan::text END AS plan
FROM videos WHERE id = %s AND plan IS NOT NULL
"""
_EXISTS = "SELECT 1 FROM videos WHERE id = %s AND deleted_at IS NULL"
_FIND_WORK = """
SELECT v.plan::text AS plan, v.storyboard IS NOT NULL AS has_storyboard, v.has_preview, v.edition,
    coalesce(v.source_id, v.id) AS source_id, v.source_revision,
    CASE WHEN r.stored = int4multirange(int4range(0, r.cells)) THEN r.keyframe_bytes END AS keyframe_bytes
FROM videos v JOIN renditions r ON r.video_id = v.id AND r.position = 0
WHERE v.id = %s AND v.deleted_at IS NULL AND v.status IN ('PROCESSING', 'READY')
"""
_SAVE_STORYBOARD = """
UPDATE videos SET storyboard = %s::text::jsonb, updated_at = now()
WHERE id = %s AND edition = %s AND deleted_at IS NULL
"""
_SAVE_PREVIEW = """
UPDATE videos SET has_preview = true, updated_at = now()
WHERE id = %s AND edition = %s AND deleted_at IS NULL
"""
# Gives the former choice, so that its object can go.
_CHOOSE = """
WITH former AS (SELECT id, chosen_poster FROM videos WHERE id = %(video)s AND deleted_at IS NULL FOR NO KEY UPDATE)
UPDATE videos v SET chosen_poster = %(version)s::text, chosen_placeholder = %(placeholder)s::text, updated_at = now()
FROM former WHERE v.id = former.id RETURNING former.chosen_poster AS version
"""


class VideoFacts(GuardedFacts, frozen=True):
    """Who may see a video, and whether it can be played."""

    status: Status


class PictureFacts(VideoFacts, frozen=True):
    """A video, and which pictures of it exist."""

    has_poster: bool
    chosen_poster: str | None
    storyboard: str | None
    has_preview: bool
    edition: int


class KeyframeFacts(VideoFacts, frozen=True):
    """A video, and where the keyframe of a cell can be read."""

    source_id: UUID
    source_revision: int
    keyframes: str

    def sizes(self) -> dict[str, int]:
        """By rendition that has the cell, the bytes of the prefix that holds its keyframe."""
        return msgspec.json.decode(self.keyframes, type=dict[str, int])


class PlanRow(msgspec.Struct, frozen=True):
    """A plan; None where it is the one that is known."""

    plan_revision: int
    plan: str | None


class WorkRow(msgspec.Struct, frozen=True):
    """A video, as the jobs see it."""

    plan: str
    has_storyboard: bool
    has_preview: bool
    edition: int
    source_id: UUID
    source_revision: int
    keyframe_bytes: list[int] | None
    """By cell of its lowest rung, once that is complete."""


class Choice(msgspec.Struct, frozen=True):
    """The poster that was chosen before; None: the automatic one."""

    version: str | None


async def find_facts(db: Connection, video_id: UUID) -> PictureFacts | None:
    """A video that is not deleted."""
    return await fetch_one(db, PictureFacts, _FIND, (video_id,))


async def find_keyframes(db: Connection, video_id: UUID, cell: int) -> KeyframeFacts | None:
    """A video that is not deleted, with the renditions that have a cell."""
    return await fetch_one(db, KeyframeFacts, _FIND_KEYFRAMES, {"video": video_id, "cell": cell})


async def read_plan(db: Connection, video_id: UUID, *, unless: int | None) -> PlanRow | None:
    """The plan of a video, unless it has that revision; None where it has none, or there is no such video."""
    return await fetch_one(db, PlanRow, _PLAN, (unless, video_id))


async def exists(db: Connection, video_id: UUID) -> bool:
    """Whether there is such a video that is not deleted."""
    return await fetch_value(db, _EXISTS, (video_id,)) is not None


async def find_work(db: Connection, video_id: UUID) -> WorkRow | None:
    """A video with a picture; None for deleted and failed ones."""
    return await fetch_one(db, WorkRow, _FIND_WORK, (video_id,))


async def save_storyboard(db: Connection, video_id: UUID, storyboard: str, *, edition: int) -> bool:
    """The sheets are stored; False where the video was deleted or is another edition by now."""
    return await execute(db, _SAVE_STORYBOARD, (storyboard, video_id, edition)) == 1


async def save_preview(db: Connection, video_id: UUID, *, edition: int) -> bool:
    """The preview is stored; False where the video was deleted or is another edition by now."""
    return await execute(db, _SAVE_PREVIEW, (video_id, edition)) == 1


async def choose_poster(
    db: Connection, video_id: UUID, version: str | None, placeholder: str | None
) -> Choice | None:
    """Makes a stored poster the one that is shown (None: the automatic one); gives the former choice.

    None where the video was deleted meanwhile.
    """
    params = {"video": video_id, "version": version, "placeholder": placeholder}
    return await fetch_one(db, Choice, _CHOOSE, params)
