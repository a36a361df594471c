"""Every query about uploads: a video's row from INITIATED to PROCESSING."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value
from matinee.media import keys
from matinee.modules.uploads.errors import UPLOAD_GONE
from matinee.modules.uploads.rules import PartPlan
from matinee.modules.uploads.schemas import NewUpload
from matinee.modules.videos.repository import OWNER, VideoRow
from matinee.modules.videos.rules import Status, distinct_tags


class UploadRow(msgspec.Struct, frozen=True):
    """A video as its upload sees it."""

    id: UUID
    owner_id: UUID
    status: Status
    filesize: int
    filetype: str
    part_size: int
    upload_id: str | None
    source_id: UUID
    source_revision: int
    announced_sha256: bytes | None
    is_import: bool
    """Its file is fetched; nobody sends it."""
    is_gone: bool
    """The storage has dropped it."""
    fragment_of: UUID | None
    updated_at: datetime

    @property
    def key(self) -> str:
        """Where its file goes."""
        return keys.source_key(self.source_id, self.source_revision)

    @property
    def is_fragment(self) -> bool:
        """Whether it is a piece of a file, and no video."""
        return self.fragment_of is not None

    @property
    def is_open(self) -> bool:
        """Whether its file is still awaited."""
        return self.status in ("INITIATED", "UPLOADING")

    @property
    def plan(self) -> PartPlan:
        """How its file is cut."""
        return PartPlan(self.filesize, self.part_size)


# With `unlimited_only` by one statement, for whom no quota was set; else the caller has looked at it.
_INSERT = f"""
WITH v AS (
    INSERT INTO videos (id, fragment_of, owner_id, title, description, tags, language, visibility, filename,
        filesize, filetype, part_size, encode_policy, codecs, encryption, announced_sha256)
    SELECT %(id)s, %(fragment_of)s, id, %(title)s, %(description)s, %(tags)s::text[], %(language)s, %(visibility)s,
        %(filename)s, %(filesize)s, %(filetype)s, %(part_size)s, %(encode_policy)s, %(codecs)s::text[],
        %(encryption)s, decode(%(sha256)s::text, 'hex')
    FROM users WHERE id = %(owner)s
        AND (NOT %(unlimited_only)s::boolean OR (quota_bytes IS NULL AND quota_minutes IS NULL))
    FOR KEY SHARE
    RETURNING *
)
SELECT v.id, v.owner_id, {OWNER}, v.title, v.description, v.tags, v.language, v.visibility, v.encryption, v.status,
    v.filename, v.filesize, v.filetype, v.imported_from, v.duration, v.width, v.height, v.failure_code,
    v.failure_detail, v.has_poster, v.chosen_poster, v.placeholder,
    v.storyboard IS NOT NULL AS has_storyboard, v.has_preview, v.created_at, v.updated_at, v.ready_at,
    v.published_at, v.edition, v.viewers, v.password_id, u.shut_at IS NOT NULL AS is_withheld, 0::bigint AS views
FROM v JOIN users u ON u.id = v.owner_id
"""  # noqa: S608
# It has the whole of the first one's file, and keeps nothing of its own.
_INSERT_SHARING = """
INSERT INTO videos (owner_id, title, description, tags, language, visibility, status, filename, filesize, filetype,
    part_size, encode_policy, codecs, encryption, announced_sha256, source_id, source_revision,
    shares_file, duplicate_of)
SELECT owner_id, %(title)s, %(description)s, %(tags)s::text[], %(language)s, %(visibility)s, 'PROCESSING',
    %(filename)s, filesize, filetype, part_size, %(encode_policy)s, %(codecs)s::text[], %(encryption)s,
    decode(%(sha256)s::text, 'hex'), coalesce(source_id, id), source_revision, true, id
FROM videos WHERE id = %(first)s
RETURNING id
"""
_FIND = """
SELECT id, owner_id, status, filesize, filetype, part_size, upload_id,
    coalesce(source_id, id) AS source_id, source_revision, announced_sha256,
    imported_from IS NOT NULL AND status IN ('INITIATED', 'UPLOADING') AS is_import,
    status = 'FAILED' AND failure_code = 'upload_gone' AS is_gone, fragment_of, updated_at
FROM videos
WHERE id = %s AND deleted_at IS NULL
"""
_BEGIN = """
UPDATE videos SET status = 'UPLOADING', upload_id = %s, updated_at = now()
WHERE id = %s AND status = 'INITIATED' AND deleted_at IS NULL
"""
_TOUCH = "UPDATE videos SET updated_at = now() WHERE id = %s AND status = 'UPLOADING' AND deleted_at IS NULL"
_FINISH = """
UPDATE videos SET status = 'PROCESSING', upload_id = NULL, updated_at = now(),
    announced_sha256 = coalesce(announced_sha256, decode(%s::text, 'hex'))
WHERE id = %s AND status = 'UPLOADING' AND deleted_at IS NULL
"""
_FAIL = """
UPDATE videos SET status = 'FAILED', upload_id = NULL, failure_code = %s, failure_detail = %s, updated_at = now()
WHERE id = %s AND status IN ('INITIATED', 'UPLOADING') AND deleted_at IS NULL
"""
_ABORT = """
UPDATE videos SET deleted_at = now(), updated_at = now()
WHERE id = %s AND (status IN ('INITIATED', 'UPLOADING') OR status = 'FAILED' AND failure_code = 'upload_gone')
  AND deleted_at IS NULL AND (fragment_of IS NULL OR fragment_of = id)
"""


async def insert_video(
    db: Connection,
    owner_id: UUID,
    new: NewUpload,
    part_size: int,
    *,
    video_id: UUID,
    fragment_of: UUID | None,
    unlimited_only: bool,
) -> VideoRow | None:
    """The new video, INITIATED; None where the owner's account is gone.

    With `unlimited_only` also where the account has a quota of its own.
    """
    params: dict[str, Any] = {
        **_said(new),
        "id": video_id,
        "fragment_of": fragment_of,
        "owner": owner_id,
        "part_size": part_size,
        "unlimited_only": unlimited_only,
    }
    return await fetch_one(db, VideoRow, _INSERT, params)


async def insert_sharing(db: Connection, first_id: UUID, new: NewUpload) -> UUID:
    """A second video of a file, PROCESSING. The first is held until the transaction ends."""
    video_id: UUID = await fetch_value(db, _INSERT_SHARING, {**_said(new), "first": first_id})
    return video_id


async def find_upload(db: Connection, video_id: UUID) -> UploadRow | None:
    """A video that is not deleted, as its upload sees it."""
    return await fetch_one(db, UploadRow, _FIND, (video_id,))


async def begin_upload(db: Connection, video_id: UUID, upload_id: str) -> bool:
    """INITIATED → UPLOADING; False where another request was first."""
    return await execute(db, _BEGIN, (upload_id, video_id)) == 1


async def touch_upload(db: Connection, video_id: UUID) -> None:
    """Somebody is still at it: the upload is not abandoned."""
    await execute(db, _TOUCH, (video_id,))


async def finish_upload(db: Connection, video_id: UUID, sha256: str | None = None) -> bool:
    """UPLOADING → PROCESSING; False where another request was first. `sha256`: what its file is said to be."""
    return await execute(db, _FINISH, (sha256, video_id)) == 1


async def fail_upload(db: Connection, video_id: UUID) -> bool:
    """It turns FAILED, for the storage has dropped its upload; False where that has ended."""
    return await execute(db, _FAIL, (UPLOAD_GONE.code, UPLOAD_GONE.sentence, video_id)) == 1


async def abort_upload(db: Connection, video_id: UUID) -> bool:
    """Deletes a video whose upload is not finished; False where it is, or it is being joined with others."""
    return await execute(db, _ABORT, (video_id,)) == 1


def _said(new: NewUpload) -> dict[str, Any]:
    return {**msgspec.structs.asdict(new), "tags": distinct_tags(new.tags)}
