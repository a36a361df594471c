"""Every query about clips."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_one, fetch_value
from matinee.media.model import Plan
from matinee.modules.clips.schemas import NewClip
from matinee.modules.videos.rules import Status, distinct_tags

# Shared: it cannot be deleted while a clip of it is added, or its file would be thought to be nobody's.
_FIND_FILM = """
SELECT owner_id, status, title, plan::text AS plan FROM videos WHERE id = %s AND deleted_at IS NULL FOR SHARE
"""
_INSERT = """
INSERT INTO videos (owner_id, title, description, tags, language, visibility, status, filename, filesize, filetype,
    part_size, encode_policy, keep_days, codecs, encode_priority, plan, duration, width, height,
    source_id, source_revision, edition, watermark, encryption, cut_from)
SELECT owner_id, %(title)s, %(description)s, %(tags)s::text[], language, %(visibility)s, 'PROCESSING', filename,
    filesize, filetype, part_size, encode_policy, keep_days, codecs, encode_priority, %(plan)s::text::jsonb,
    %(duration)s, width, height, coalesce(source_id, id), source_revision, edition, watermark, encryption, id
FROM videos WHERE id = %(film)s
RETURNING id
"""


class FilmRow(msgspec.Struct, frozen=True):
    """A video that is not deleted, to be cut."""

    owner_id: UUID
    status: Status
    title: str
    plan: str | None


async def find_film(db: Connection, video_id: UUID) -> FilmRow | None:
    """The video, which is not deleted until the transaction ends."""
    return await fetch_one(db, FilmRow, _FIND_FILM, (video_id,))


async def insert_clip(db: Connection, film_id: UUID, title: str, new: NewClip, plan: Plan) -> UUID:
    """A clip of a film that is held by `find_film`; it belongs to whom the film belongs."""
    params = {
        "film": film_id,
        "title": title,
        "description": new.description,
        "tags": distinct_tags(new.tags),
        "visibility": new.visibility,
        "plan": msgspec.json.encode(plan).decode(),
        "duration": float(plan.grid.duration),
    }
    video_id: UUID = await fetch_value(db, _INSERT, params)
    return video_id
