"""Every query about sounds that were added. What is offered to players stands in the plan."""

from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one
from matinee.modules.encoding.errors import Failure
from matinee.modules.uploads.rules import PartPlan

_SELECT = """
SELECT video_id, name, state, language, title, is_default, filesize, part_size, upload_id,
    failure_code, failure_detail
FROM added_sounds WHERE video_id = %s
"""
_LIST = f"{_SELECT} ORDER BY created_at, name LIMIT 100"
_FIND = f"{_SELECT} AND name = %s"
_LOCK = f"{_FIND} FOR UPDATE"
_INSERT = """
INSERT INTO added_sounds (video_id, name, language, title, is_default, filename, filesize, part_size)
VALUES (%(video_id)s, %(name)s, %(language)s, %(title)s, %(is_default)s, %(filename)s, %(filesize)s, %(part_size)s)
"""
_BEGIN_UPLOAD = """
UPDATE added_sounds SET upload_id = %s, updated_at = now()
WHERE video_id = %s AND name = %s AND state = 'UPLOADING' AND upload_id IS NULL
"""
_FINISH_UPLOAD = """
UPDATE added_sounds SET state = 'PROCESSING', upload_id = NULL, updated_at = now()
WHERE video_id = %s AND name = %s AND state = 'UPLOADING'
"""
_MARK_READY = """
UPDATE added_sounds SET state = 'READY', updated_at = now()
WHERE video_id = %s AND name = %s AND state = 'PROCESSING'
"""
_FAIL = """
UPDATE added_sounds SET state = 'FAILED', failure_code = %s, failure_detail = %s, updated_at = now()
WHERE video_id = %s AND name = %s AND state = 'PROCESSING'
"""
_CHANGE = """
UPDATE added_sounds SET language = %s, title = %s, is_default = %s, updated_at = now()
WHERE video_id = %s AND name = %s
"""
_DELETE = "DELETE FROM added_sounds WHERE video_id = %s AND name = %s RETURNING video_id, name"
_ABANDON = """
DELETE FROM added_sounds WHERE (video_id, name) IN (
    SELECT video_id, name FROM added_sounds
    WHERE (state = 'UPLOADING' AND updated_at < now() - make_interval(hours => %s))
       OR (state = 'FAILED' AND updated_at < now() - make_interval(days => %s))
    ORDER BY updated_at LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING video_id, name
"""


class AddedSound(msgspec.Struct, frozen=True):
    """A sound that came in a file of its own."""

    video_id: UUID
    name: str
    state: Literal["UPLOADING", "PROCESSING", "READY", "FAILED"]
    language: str
    title: str
    is_default: bool
    filesize: int
    part_size: int
    upload_id: str | None
    failure_code: str | None
    failure_detail: str | None

    @property
    def parts(self) -> PartPlan:
        """How its file is cut."""
        return PartPlan(self.filesize, self.part_size)


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sound whose upload will begin."""

    video_id: UUID
    name: str
    language: str
    title: str
    is_default: bool
    filename: str
    filesize: int
    part_size: int


class Gone(msgspec.Struct, frozen=True):
    """A sound that was removed."""

    video_id: UUID
    name: str


async def list_added(db: Connection, video_id: UUID) -> list[AddedSound]:
    """The sounds that were added to a video, oldest first."""
    return await fetch_all(db, AddedSound, _LIST, (video_id,))


async def find_added(db: Connection, video_id: UUID, name: str) -> AddedSound | None:
    """One of them."""
    return await fetch_one(db, AddedSound, _FIND, (video_id, name))


async def lock_added(db: Connection, video_id: UUID, name: str) -> AddedSound | None:
    """One of them, which stays as it is until the transaction ends."""
    return await fetch_one(db, AddedSound, _LOCK, (video_id, name))


async def insert_added(db: Connection, new: NewRow) -> None:
    """A sound, UPLOADING. Its video is locked."""
    await execute(db, _INSERT, msgspec.structs.asdict(new))


async def begin_upload(db: Connection, video_id: UUID, name: str, upload_id: str) -> bool:
    """Its upload has begun; False where it was deleted meanwhile."""
    return await execute(db, _BEGIN_UPLOAD, (upload_id, video_id, name)) == 1


async def finish_upload(db: Connection, video_id: UUID, name: str) -> bool:
    """UPLOADING → PROCESSING; False where another request was first."""
    return await execute(db, _FINISH_UPLOAD, (video_id, name)) == 1


async def mark_ready(db: Connection, video_id: UUID, name: str) -> bool:
    """PROCESSING → READY: it stands in the plan. False where it was deleted or is done."""
    return await execute(db, _MARK_READY, (video_id, name)) == 1


async def fail(db: Connection, video_id: UUID, name: str, failure: Failure) -> bool:
    """PROCESSING → FAILED; False where it was deleted or is done."""
    return await execute(db, _FAIL, (failure.code, failure.sentence, video_id, name)) == 1


async def change_added(
    db: Connection, video_id: UUID, name: str, *, language: str, title: str, is_default: bool
) -> None:
    """Changes what will be said of a sound that is not in the plan yet."""
    await execute(db, _CHANGE, (language, title, is_default, video_id, name))


async def delete_added(db: Connection, video_id: UUID, name: str) -> bool:
    """Deletes the row; False where there is none such."""
    return await fetch_one(db, Gone, _DELETE, (video_id, name)) is not None


async def abandon(db: Connection, *, upload_hours: int, failed_days: int) -> list[Gone]:
    """Deletes uploads that nobody finished, and failures past their time; 500 at most."""
    return await fetch_all(db, Gone, _ABANDON, (upload_hours, failed_days))
