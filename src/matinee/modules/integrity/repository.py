"""Every query about what uploaded files are."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media import keys
from matinee.modules.encoding.errors import Failure
from matinee.modules.videos.rules import Status

# Each file that was read with every video that shows the whole of it: its keeper, those that share it, and what is to
# take another video's place. No clip.
_SHOWN = """
FROM file_hashes h JOIN videos v ON v.source_revision = h.revision AND v.deleted_at IS NULL AND (
    v.id = h.video_id AND v.source_id IS NULL
    OR v.source_id = h.video_id AND (v.shares_file OR v.replaces IS NOT NULL))
"""
_IS_HASHED = "SELECT 1 FROM file_hashes WHERE video_id = %s AND revision = %s"
# Its keeper may be deleted, and its file kept for others.
_RECORD = """
INSERT INTO file_hashes (video_id, revision, sha256, bytes)
SELECT id, %(revision)s, %(sha256)s, %(bytes)s FROM videos WHERE id = %(video_id)s FOR KEY SHARE
ON CONFLICT DO NOTHING
"""
_FAIL = """
UPDATE videos SET failure_code = %s, failure_detail = %s, status = 'FAILED', updated_at = now()
WHERE id = ANY(%s) AND coalesce(source_id, id) = %s AND source_revision = %s
  AND status IN ('PROCESSING', 'READY', 'FAILED') AND deleted_at IS NULL
"""
_FIND_FILE = f"SELECT h.video_id, h.revision {_SHOWN} WHERE v.id = %s AND v.announced_sha256 <> h.sha256"
_FORGET = "DELETE FROM file_hashes WHERE video_id = %s AND revision = %s"
# By the owner's own files alone, and only by what was read of them.
_FIND_FIRST = f"""
SELECT v.id, v.title, v.duration {_SHOWN}
WHERE h.sha256 = %(sha256)s AND v.owner_id = %(owner)s AND v.status = 'READY' AND v.replaces IS NULL
ORDER BY v.created_at, v.id LIMIT 1 FOR SHARE OF v
"""
_LIST_MISMATCHED = f"""
SELECT v.id {_SHOWN} WHERE h.video_id = %(video_id)s AND h.revision = %(revision)s AND v.announced_sha256 <> h.sha256
"""
_OWNER = "(SELECT owner_id FROM videos WHERE id = %(video_id)s)"  # whatever shows a file is its keeper's owner's
_LIST_SAME = f"""
SELECT v.id, v.status, v.replaces, v.duplicate_of {_SHOWN}
WHERE h.sha256 = %(sha256)s AND v.owner_id = {_OWNER} ORDER BY v.created_at, v.id LIMIT 1000
"""
_MARK_DUPLICATES = """
UPDATE videos SET duplicate_of = found.first, updated_at = now()
FROM unnest(%s::uuid[], %s::uuid[]) AS found (id, first) WHERE videos.id = found.id AND duplicate_of IS NULL
"""
_LIST_READY_REPLACEMENTS = """
SELECT id FROM videos WHERE source_id = %s AND source_revision = %s AND replaces IS NOT NULL
  AND status = 'READY' AND deleted_at IS NULL LIMIT 100
"""
# Also what is to take another video's place, which waits for it; no import or upload that failed: it has no file.
_LIST_UNHASHED = """
SELECT coalesce(source_id, id) AS video_id, source_revision AS revision FROM videos v
WHERE (source_id IS NULL OR replaces IS NOT NULL) AND status IN ('READY', 'FAILED', 'PROCESSING')
  AND deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM file_hashes h WHERE h.video_id = coalesce(v.source_id, v.id) AND h.revision = v.source_revision)
  AND NOT EXISTS (SELECT FROM imports i WHERE i.video_id = v.id) AND failure_code IS DISTINCT FROM 'upload_gone'
ORDER BY created_at LIMIT %s
"""
_LIST_UNHASHED_SOUNDS = """
SELECT video_id, name FROM added_sounds WHERE sha256 IS NULL AND state <> 'UPLOADING' ORDER BY created_at LIMIT %s
"""
_RECORD_SOUND = "UPDATE added_sounds SET sha256 = %s WHERE video_id = %s AND name = %s AND sha256 IS NULL"
# Nothing where the video's row is gone.
_REMEMBER = """
INSERT INTO object_hashes (video_id, name, md5) SELECT id, %(name)s, %(md5)s FROM videos WHERE id = %(video)s
ON CONFLICT (video_id, name) DO UPDATE SET md5 = excluded.md5
"""


class FileRow(msgspec.Struct, frozen=True):
    """A file by what its key is made of."""

    video_id: UUID
    revision: int

    @property
    def key(self) -> str:
        """Where it is stored."""
        return keys.source_key(self.video_id, self.revision)


class SoundRow(msgspec.Struct, frozen=True):
    """A sound that was added, whose file was not read yet."""

    video_id: UUID
    name: str


class ShownRow(msgspec.Struct, frozen=True):
    """A video that shows the whole of a file."""

    id: UUID
    status: Status
    replaces: UUID | None
    duplicate_of: UUID | None


class FirstRow(msgspec.Struct, frozen=True):
    """A video that can be played and shows a whole file."""

    id: UUID
    title: str
    duration: float | None


class _Id(msgspec.Struct):
    id: UUID


async def is_hashed(db: Connection, file: FileRow) -> bool:
    """Whether a file was read already."""
    return await fetch_value(db, _IS_HASHED, (file.video_id, file.revision)) is not None


async def record(db: Connection, file: FileRow, sha256: bytes, size: int) -> None:
    """What a file is; nothing where that is known, or the row of its keeper is gone."""
    await execute(db, _RECORD, {**msgspec.structs.asdict(file), "sha256": sha256, "bytes": size})


async def list_mismatched(db: Connection, file: FileRow) -> list[UUID]:
    """Those who show a file of which something else was announced."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_MISMATCHED, msgspec.structs.asdict(file))]


async def list_same(db: Connection, file: FileRow, sha256: bytes) -> list[ShownRow]:
    """The owner's videos that show the whole of such a file, oldest first; 1,000 at most."""
    return await fetch_all(db, ShownRow, _LIST_SAME, {"video_id": file.video_id, "sha256": sha256})


async def fail(db: Connection, videos: Sequence[UUID], file: FileRow, failure: Failure) -> None:
    """Those of the videos that show a file turn FAILED, also where they could be played or had failed already."""
    await execute(db, _FAIL, (failure.code, failure.sentence, list(videos), file.video_id, file.revision))


async def mark_duplicates(db: Connection, firsts: Mapping[UUID, UUID]) -> None:
    """By video, which other had its file before."""
    await execute(db, _MARK_DUPLICATES, (list(firsts), list(firsts.values())))


async def forget_mismatched(db: Connection, video_id: UUID) -> FileRow | None:
    """Where a video's file is another than was announced, what it is is forgotten, to be read again."""
    file = await fetch_one(db, FileRow, _FIND_FILE, (video_id,))
    if file is not None:
        await forget(db, file.video_id, file.revision)
    return file


async def forget(db: Connection, video_id: UUID, revision: int) -> None:
    """A file is stored no longer."""
    await execute(db, _FORGET, (video_id, revision))


async def hold_first(db: Connection, owner_id: UUID, sha256: bytes) -> FirstRow | None:
    """The owner's first video that can be played and shows the whole of such a file, as it was read here.

    It is not deleted, nor given another file, until the transaction ends.
    """
    return await fetch_one(db, FirstRow, _FIND_FIRST, {"owner": owner_id, "sha256": sha256})


async def list_ready_replacements(db: Connection, file: FileRow) -> list[UUID]:
    """What is to take a video's place with this file, and can be played."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_READY_REPLACEMENTS, (file.video_id, file.revision))]


async def list_unhashed(db: Connection, most: int) -> list[FileRow]:
    """Files that were not read yet, the oldest first."""
    return await fetch_all(db, FileRow, _LIST_UNHASHED, (most,))


async def list_unhashed_sounds(db: Connection, most: int) -> list[SoundRow]:
    """The same of sounds that were added."""
    return await fetch_all(db, SoundRow, _LIST_UNHASHED_SOUNDS, (most,))


async def record_sound(db: Connection, video_id: UUID, name: str, sha256: bytes) -> None:
    """What the file of a sound is."""
    await execute(db, _RECORD_SOUND, (sha256, video_id, name))


async def remember(db: Connection, key: str, md5: bytes) -> None:
    """What was stored under a key of a video."""
    video_id, name = keys.split(key)
    await execute(db, _REMEMBER, {"video": video_id, "name": name, "md5": md5})
