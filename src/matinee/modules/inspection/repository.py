"""Every query about what the storage should hold."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media import keys
from matinee.modules.inspection.rules import Cells, Picture, VideoRow

_COUNT = "SELECT count(*) FROM videos"
# A video keeps the files that it, its clips and what replaces it are made from.
_ROW = """
SELECT v.id, v.deleted_at IS NOT NULL AS deleted, v.status, v.edition, v.plan ->> 'recipe' AS recipe,
    v.plan -> 'copied' ->> 'name' AS copied, v.has_poster, v.chosen_poster, v.has_preview,
    v.storyboard::text AS storyboard,
    coalesce((SELECT json_agg(f) FROM (
        SELECT o.source_revision AS revision, max(o.filesize) AS size,
            bool_or(o.status NOT IN ('INITIATED', 'UPLOADING') AND o.failure_code IS DISTINCT FROM 'upload_gone'
                AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.video_id = o.id)) AS whole,
            (SELECT encode(h.sha256, 'hex') FROM file_hashes h
                WHERE h.video_id = v.id AND h.revision = o.source_revision) AS sha256
        FROM videos o WHERE (o.id = v.id AND o.source_id IS NULL OR o.source_id = v.id) AND o.deleted_at IS NULL
        GROUP BY o.source_revision) f), '[]')::text AS files,
    coalesce((SELECT json_agg(json_build_object('name', s.name, 'size', s.filesize,
            'whole', s.state IN ('PROCESSING', 'READY'), 'sha256', encode(s.sha256, 'hex')))
        FROM added_sounds s WHERE s.video_id = v.id), '[]')::text AS sounds,
    coalesce((SELECT json_agg(json_build_object('name', r.name, 'recipe', r.recipe, 'cells', r.cells,
            'bytes', r.bytes, 'init', encode(r.init_hash, 'hex'), 'evictions', r.evictions,
            'hashes', (SELECT coalesce(json_object_agg(h.page, encode(h.md5s, 'hex')), '{}') FROM cell_hashes h
                WHERE h.video_id = r.video_id AND h.name = r.name), 'stored',
            (SELECT coalesce(json_agg(json_build_array(lower(run), upper(run))), '[]') FROM unnest(r.stored) AS run))
        ORDER BY r.position) FROM renditions r WHERE r.video_id = v.id), '[]')::text AS renditions,
    ARRAY(SELECT t.id::text FROM text_tracks t WHERE t.video_id = v.id AND t.state = 'ready' UNION
        SELECT t.whole::text FROM text_tracks t WHERE t.video_id = v.id AND t.whole IS NOT NULL) AS tracks,
    ARRAY(SELECT d.name FROM downloads d
        WHERE d.video_id = v.id AND d.ready_at IS NOT NULL AND d.name <> 'original') AS downloads,
    ARRAY(SELECT DISTINCT m.watermark ->> 'version' FROM videos m
        WHERE (m.id = v.id AND m.source_id IS NULL OR m.source_id = v.id)
          AND m.watermark ? 'version' AND m.deleted_at IS NULL) AS marks,
    coalesce((SELECT json_agg(json_build_object('recipe', f.recipe, 'edition', f.edition,
            'revision', CASE WHEN f.owns_source THEN f.source_revision END))
        FROM former_media f WHERE f.video_id = v.id), '[]')::text AS former,
    (SELECT coalesce(json_object_agg(h.name, encode(h.md5, 'hex')), '{}') FROM object_hashes h
        WHERE h.video_id = v.id)::text AS hashes
FROM videos v
"""
_LIST = f"{_ROW} WHERE v.id > %s ORDER BY v.id LIMIT %s"
_FIND = f"{_ROW} WHERE v.id = %s"
_LIST_UPLOADS = """
SELECT coalesce(source_id, id) AS keeper, source_revision, NULL::text AS sound, upload_id
FROM videos WHERE status IN ('UPLOADING', 'FAILED') AND upload_id IS NOT NULL AND deleted_at IS NULL
UNION ALL
SELECT video_id, 1, name, upload_id FROM added_sounds WHERE state = 'UPLOADING' AND upload_id IS NOT NULL
LIMIT 100000
"""
# What of a rendition is lost is to be made again; not where it was evicted or made anew meanwhile.
_FORGET_CELLS = """
UPDATE renditions SET stored = stored - lost.cells, bytes = greatest(bytes - %(bytes)s::bigint, 0),
    keyframe_bytes = ARRAY(SELECT CASE WHEN lost.cells @> (i - 1)::integer THEN NULL ELSE size END
        FROM unnest(keyframe_bytes) WITH ORDINALITY AS k (size, i) ORDER BY i)
FROM (SELECT range_agg(int4range(first, stop)) AS cells
    FROM unnest(%(firsts)s::integer[], %(stops)s::integer[]) AS run (first, stop)) lost
WHERE video_id = %(video)s AND name = %(name)s AND recipe = %(recipe)s AND evictions = %(evictions)s
  AND NOT evicting AND stored @> lost.cells
"""
# Also what was recorded since it was looked at. What is being made of it is refused, as after an eviction: it goes by
# the init segment that is lost.
_FORGET_RENDITION = """
UPDATE renditions SET stored = '{}', bytes = 0, evictions = evictions + 1, init_hash = NULL, keyframe_bytes =
    CASE WHEN kind = 'audio' THEN keyframe_bytes ELSE array_fill(NULL::integer, ARRAY[cells]) END
WHERE video_id = %(video)s AND name = %(name)s AND recipe = %(recipe)s AND evictions = %(evictions)s AND NOT evicting
"""
_FORGET_PICTURE = """
UPDATE videos SET has_poster = has_poster AND %(picture)s <> 'poster',
    has_preview = has_preview AND %(picture)s <> 'preview',
    storyboard = CASE WHEN %(picture)s <> 'storyboard' THEN storyboard END, updated_at = now()
WHERE id = %(video)s AND edition = %(edition)s AND deleted_at IS NULL
"""


class BegunUpload(msgspec.Struct, frozen=True):
    """An upload of a client that goes on."""

    keeper: UUID
    source_revision: int
    sound: str | None
    upload_id: str

    @property
    def key(self) -> str:
        """Where its file goes."""
        if self.sound is not None:
            return keys.sound_key(self.keeper, self.sound)
        return keys.source_key(self.keeper, self.source_revision)


async def count_videos(db: Connection) -> int:
    """Deleted ones that still have a row among them."""
    return int(await fetch_value(db, _COUNT))


async def list_videos(db: Connection, after: UUID, most: int) -> list[VideoRow]:
    """The next ones in the order of their ids, which is that of their keys."""
    return await fetch_all(db, VideoRow, _LIST, (after, most))


async def find_video(db: Connection, video_id: UUID) -> VideoRow | None:
    """One of them."""
    return await fetch_one(db, VideoRow, _FIND, (video_id,))


async def list_uploads(db: Connection) -> list[BegunUpload]:
    """All uploads that have begun and not ended."""
    return await fetch_all(db, BegunUpload, _LIST_UPLOADS)


async def forget_cells(db: Connection, video_id: UUID, lost: Cells) -> bool:
    """These cells are to be made again; False where the rendition is not what was looked at."""
    params = {
        "video": video_id,
        "name": lost.rendition,
        "recipe": lost.recipe,
        "evictions": lost.evictions,
        "bytes": lost.bytes,
        "firsts": [run[0] for run in lost.runs],
        "stops": [run[1] for run in lost.runs],
    }
    return await execute(db, _FORGET_RENDITION if lost.init else _FORGET_CELLS, params) == 1


async def forget_picture(db: Connection, video_id: UUID, edition: int, picture: Picture) -> bool:
    """It is to be made again; False where the video shows something else by now."""
    return await execute(db, _FORGET_PICTURE, {"video": video_id, "edition": edition, "picture": picture}) == 1
