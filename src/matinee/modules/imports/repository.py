"""Every query about imports: a video's row from INITIATED to PROCESSING, and what is fetched for it."""

from typing import Any
from uuid import UUID

import msgspec
from yarl import URL

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media import keys
from matinee.modules.encoding.errors import Failure
from matinee.modules.imports.jobs import FETCH
from matinee.modules.imports.rules import Answer, name_of, shown, title_of
from matinee.modules.imports.schemas import NewImport
from matinee.modules.uploads.rules import PART_SIZE
from matinee.modules.videos.rules import distinct_tags

_INSERT = """
WITH v AS (
    INSERT INTO videos (owner_id, title, description, tags, language, visibility, filename, filesize, filetype,
        part_size, encode_policy, codecs, encryption, imported_from)
    SELECT id, %(title)s, %(description)s, %(tags)s::text[], %(language)s, %(visibility)s, %(filename)s, 0,
        'application/octet-stream', %(part_size)s, %(encode_policy)s, %(codecs)s::text[], %(encryption)s, %(shown)s
    FROM users WHERE id = %(owner)s FOR KEY SHARE
    RETURNING id
)
INSERT INTO imports (video_id, url) SELECT id, %(url)s FROM v RETURNING video_id
"""
_START = """
UPDATE videos SET status = 'UPLOADING', updated_at = now()
WHERE id = %s AND status = 'INITIATED' AND deleted_at IS NULL
"""
_TAKE = """
WITH i AS (UPDATE imports SET began_at = coalesce(began_at, now()) WHERE video_id = %s RETURNING *)
SELECT v.id, v.owner_id, v.upload_id, v.part_size, v.filesize AS reserved, i.url, i.validator, i.length,
    extract(epoch FROM now() - i.began_at)::double precision AS seconds
FROM i JOIN videos v ON v.id = i.video_id
WHERE v.status = 'UPLOADING' AND v.deleted_at IS NULL
"""
_BEGIN = """
WITH v AS (
    UPDATE videos SET upload_id = %(upload)s, part_size = %(part_size)s, filetype = %(filetype)s
    WHERE id = %(video)s AND status = 'UPLOADING' AND deleted_at IS NULL RETURNING id
)
UPDATE imports i SET validator = %(validator)s, length = %(length)s, received = 0, trouble = NULL
FROM v WHERE i.video_id = v.id
"""
_RESERVE = """
UPDATE videos SET filesize = %s, updated_at = now()
WHERE id = %s AND status = 'UPLOADING' AND deleted_at IS NULL
"""
_MEASURE = "UPDATE imports SET length = %s WHERE video_id = %s"
_TELL = """
WITH v AS (
    UPDATE videos SET updated_at = now()
    WHERE id = %(video)s AND status = 'UPLOADING' AND deleted_at IS NULL RETURNING id
)
UPDATE imports i SET received = %(received)s, trouble = %(trouble)s FROM v WHERE i.video_id = v.id
"""
_FINISH = """
WITH v AS (
    UPDATE videos SET status = 'PROCESSING', upload_id = NULL, updated_at = now()
    WHERE id = %s AND status = 'UPLOADING' AND deleted_at IS NULL RETURNING id
)
DELETE FROM imports i USING v WHERE i.video_id = v.id
"""
_FAIL = """
UPDATE videos SET status = 'FAILED', failure_code = %s, failure_detail = %s, updated_at = now()
WHERE id = %s AND status = 'UPLOADING' AND deleted_at IS NULL
"""
_RETRY = """
WITH v AS (
    UPDATE videos SET status = 'UPLOADING', failure_code = NULL, failure_detail = NULL, updated_at = now()
    WHERE id = %s AND status = 'FAILED' AND deleted_at IS NULL
      AND EXISTS (SELECT 1 FROM imports WHERE video_id = videos.id) RETURNING id
)
UPDATE imports i SET trouble = NULL, began_at = NULL FROM v WHERE i.video_id = v.id
"""
# Of which the job was lost; one that is given up makes it fail.
_LIST_STRANDED = """
SELECT v.id FROM imports i JOIN videos v ON v.id = i.video_id
WHERE v.status IN ('INITIATED', 'UPLOADING') AND v.deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM procrastinate_jobs j WHERE j.args ->> 'video_id' = v.id::text AND j.task_name = %s
      AND j.status IN ('todo', 'doing'))
LIMIT %s
"""


class _Id(msgspec.Struct):
    id: UUID


class ImportRow(msgspec.Struct, frozen=True):
    """A file to be fetched, and how far that is."""

    id: UUID
    owner_id: UUID
    upload_id: str | None
    part_size: int
    reserved: int
    """Bytes of the owner's quota that are its own."""
    url: str
    validator: str | None
    length: int | None
    seconds: float
    """Since it began."""

    @property
    def key(self) -> str:
        """Where the file goes."""
        return keys.source_key(self.id)


async def insert(db: Connection, owner_id: UUID, new: NewImport, url: URL) -> UUID | None:
    """The new video, INITIATED; None where the owner's account is gone."""
    filename = name_of(url)
    params: dict[str, Any] = {
        **msgspec.structs.asdict(new),
        "tags": distinct_tags(new.tags),
        "owner": owner_id,
        "title": new.title or title_of(filename),
        "filename": filename,
        "part_size": PART_SIZE,
        "url": str(url),
        "shown": shown(url),
    }
    video_id: UUID | None = await fetch_value(db, _INSERT, params)
    return video_id


async def start(db: Connection, video_id: UUID) -> None:
    """INITIATED → UPLOADING: somebody is at it."""
    await execute(db, _START, (video_id,))


async def take(db: Connection, video_id: UUID) -> ImportRow | None:
    """A file that is still to be fetched; its time runs from the first asking on."""
    return await fetch_one(db, ImportRow, _TAKE, (video_id,))


async def begin(db: Connection, video_id: UUID, upload_id: str, answer: Answer, part_size: int) -> None:
    """The file is fetched from its first byte on, into this upload; `reserve` goes before it."""
    params = {
        "video": video_id,
        "upload": upload_id,
        "part_size": part_size,
        "filetype": answer.media_type,
        "length": answer.length,
        "validator": answer.validator,
    }
    await execute(db, _BEGIN, params)


async def reserve(db: Connection, video_id: UUID, size: int) -> bool:
    """So many bytes of its owner's quota are its own; False where nobody wants it any more."""
    return await execute(db, _RESERVE, (size, video_id)) == 1


async def measure(db: Connection, video_id: UUID, length: int) -> None:
    """How long the file is was found out."""
    await execute(db, _MEASURE, (length, video_id))


async def tell(db: Connection, video_id: UUID, received: int, trouble: str | None = None) -> bool:
    """How far it is, and what is in its way; False where nobody wants it any more."""
    return await execute(db, _TELL, {"video": video_id, "received": received, "trouble": trouble}) == 1


async def finish(db: Connection, video_id: UUID) -> bool:
    """UPLOADING → PROCESSING, and its address is forgotten; False where nobody wants it any more."""
    return await execute(db, _FINISH, (video_id,)) == 1


async def fail(db: Connection, video_id: UUID, failure: Failure) -> bool:
    """It turns FAILED; False where nobody wants it any more."""
    return await execute(db, _FAIL, (failure.code, failure.sentence, video_id)) == 1


async def retry(db: Connection, video_id: UUID) -> bool:
    """FAILED → UPLOADING where its file could not be fetched; False for any other video."""
    return await execute(db, _RETRY, (video_id,)) == 1


async def list_stranded(db: Connection, most: int) -> list[UUID]:
    """Files that are to be fetched and that no job fetches."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_STRANDED, (FETCH, most))]
