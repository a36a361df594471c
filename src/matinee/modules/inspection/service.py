"""Compares the storage with the database, and mends what can be mended."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage, Stored, folder_of
from matinee.common.storage.side_by_side import side_by_side
from matinee.media import keys
from matinee.modules.encoding.service import EncodingService
from matinee.modules.inspection import repository
from matinee.modules.inspection.rules import (
    Cells,
    Expected,
    Finding,
    Kind,
    Rendition,
    VideoRow,
    expected_objects,
    foreseen_keys,
    is_foreseen,
    renditions_of,
    runs_of,
)
from matinee.modules.pictures.jobs import picture_jobs

_BATCH = 20  # videos read at once
_READS_AT_ONCE = 8  # of a deep look
_MOST_LOOKS = 3  # at a video that changes while it is looked at
_MD5 = re.compile(r"[0-9a-f]{32}")

Item = TypeVar("Item")


class Folder(msgspec.Struct, frozen=True):
    """What is stored under the keys of one video."""

    key: str
    objects: list[Stored]


class Video(msgspec.Struct, frozen=True):
    """A video's row, under what its keys start with."""

    key: str
    row: VideoRow


class Lost(msgspec.Struct):
    """The recorded cells of a rendition: the bytes of those that are as they were stored, and which are not."""

    rendition: Rendition
    bytes: int = 0
    missing: list[int] = []
    damaged: list[int] = []
    init: Literal["missing", "wrong_hash"] | None = None


class Inspection:
    """Looks at everything under the keys of videos. In memory is one video, and what is wrong with it.

    An object that the database does not know is an orphan only when it is as old as `margin`: objects come before
    their rows. A `deep` look reads every object; else that is read of which the storage lists another ETag than the
    MD5 that was recorded. `unhashed`: how many objects there were of which no hash is recorded.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        encoding: EncodingService,
        *,
        margin: timedelta,
        deep: bool = False,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._encoding = encoding
        self._settled = datetime.now(UTC) - margin
        self._deep = deep
        self.unhashed = 0

    async def count_videos(self) -> int:
        """How many videos there are to look at."""
        async with self._database.connection() as db:
            return await repository.count_videos(db)

    async def inspect(self, step: Callable[[], None]) -> AsyncIterator[Finding]:
        """What is wrong, video by video, then with uploads; `step` is called after each video."""
        async for video, folder in side_by_side(self._videos(), self._folders(keys.PREFIX)):
            if video is None:
                assert folder is not None
                for finding in await self._look_at_stray(folder):
                    yield finding
                continue
            if await self._compare(video.row, folder.objects if folder else []):
                counted = self.unhashed
                # row and objects were not read at the same moment
                for finding in await self._look_again(video.row.id):
                    yield finding
                self.unhashed = counted
            step()
        for finding in await self._forgotten_uploads():
            yield finding

    async def repair(self, finding: Finding) -> bool:
        """Does what can be done about it; False where nothing can, or nothing is to be done any more."""
        if finding.upload_id is not None:
            await self._storage.abort_upload(finding.key, finding.upload_id)
            return True
        if finding.kind == "orphan":
            await self._storage.delete(finding.key)
            return True
        if finding.video_id is None or not (finding.cells or finding.picture):
            return False
        async with self._database.transaction() as db:
            if finding.cells is not None:
                forgotten = await repository.forget_cells(db, finding.video_id, finding.cells)
            else:
                assert finding.picture is not None
                forgotten = await repository.forget_picture(db, finding.video_id, finding.edition, finding.picture)
            if not forgotten:
                return False
            if finding.status in ("PROCESSING", "READY"):
                await self._encoding.resume(db, finding.video_id, playable=finding.status == "READY")
            if finding.picture in ("preview", "storyboard"):
                await self._queue.enqueue_all(db, picture_jobs(finding.video_id))
            await announce(db, str(finding.video_id))
        return True

    async def _videos(self) -> AsyncIterator[Video]:
        after = UUID(int=0)
        while True:
            async with self._database.connection() as db:
                rows = await repository.list_videos(db, after, _BATCH)
            for row in rows:
                yield Video(keys.video_prefix(row.id), row)
            if len(rows) < _BATCH:
                return
            after = rows[-1].id

    async def _folders(self, prefix: str) -> AsyncIterator[Folder]:
        folder = Folder("", [])
        async for stored in self._storage.list_objects(prefix):
            key = folder_of(stored.key)
            if key != folder.key:
                if folder.objects:
                    yield folder
                folder = Folder(key, [])
            folder.objects.append(stored)
        if folder.objects:
            yield folder

    async def _look_at_stray(self, folder: Folder) -> list[Finding]:
        """Objects of a video that has no row, unless it came meanwhile."""
        with suppress(ValueError):  # what is no video's lies between the others
            video_id = UUID(folder.key.split("/")[1])
            if await self._read(video_id) is not None:
                return await self._look_again(video_id)
        return [_orphan(stored, "No video has this id.") for stored in folder.objects if self._is_settled(stored)]

    async def _look_again(self, video_id: UUID) -> list[Finding]:
        """At one video alone, until it does not change meanwhile."""
        found: list[Finding] = []
        row = await self._read(video_id)
        for _ in range(_MOST_LOOKS):
            if row is None:
                return []
            objects = [stored async for stored in self._storage.list_objects(keys.video_prefix(video_id))]
            found = await self._compare(row, objects)
            before, row = row, await self._read(video_id)
            if row == before:
                break
        return found

    async def _read(self, video_id: UUID) -> VideoRow | None:
        async with self._database.connection() as db:
            return await repository.find_video(db, video_id)

    async def _compare(self, video: VideoRow, objects: Sequence[Stored]) -> list[Finding]:
        renditions = renditions_of(video)
        foreseen = list(foreseen_keys(video, renditions))
        lost = {rendition.name: Lost(rendition) for rendition in renditions}
        found: list[Finding] = []
        doubtful: list[tuple[Expected, Stored]] = []
        expected = _each(expected_objects(video, renditions))
        async for wanted, stored in side_by_side(expected, _each(objects)):
            if wanted is None:
                assert stored is not None
                if self._is_settled(stored) and not is_foreseen(stored.key, foreseen):
                    found.append(_orphan(stored, "The video has no such object."))
            elif stored is None:
                self._note_missing(video, wanted, lost, found)
            else:
                self.unhashed += wanted.md5 is None and wanted.sha256 is None
                if self._deep or wanted.md5 not in (None, stored.etag):
                    doubtful.append((wanted, stored))
                if wanted.cell is not None and wanted.rendition is not None:
                    lost[wanted.rendition].bytes += stored.size
                if wanted.size is not None and wanted.size != stored.size:
                    detail = f"It has {stored.size} bytes; {wanted.size} are recorded."
                    found.append(Finding(kind="wrong_size", key=wanted.key, detail=detail, video_id=video.id))
        for damaged in await self._read_all(doubtful):
            _note_damaged(video, *damaged, lost, found)
        return found + [finding for one in lost.values() for finding in _judge(video, one)]

    def _note_missing(self, video: VideoRow, wanted: Expected, lost: dict[str, Lost], found: list[Finding]) -> None:
        if wanted.rendition is not None and wanted.cell is not None:
            lost[wanted.rendition].missing.append(wanted.cell)
        elif wanted.rendition is not None:
            lost[wanted.rendition].init = "missing"
        else:
            found.append(_finding("missing", video, wanted, "It is recorded, and not stored."))

    async def _read_all(self, doubtful: Sequence[tuple[Expected, Stored]]) -> list[tuple[Expected, Stored, str]]:
        """Those whose content is another than was stored, with what is wrong, in a sentence."""
        found: list[tuple[Expected, Stored, str]] = []
        for start in range(0, len(doubtful), _READS_AT_ONCE):
            some = doubtful[start : start + _READS_AT_ONCE]
            faults = await asyncio.gather(*(self._read_one(wanted, stored) for wanted, stored in some))
            found += [(*one, fault) for one, fault in zip(some, faults, strict=True) if fault is not None]
        return found

    async def _read_one(self, wanted: Expected, stored: Stored) -> str | None:
        """What is wrong with the content, in a sentence."""
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        try:
            async for chunk in self._storage.stream(stored.key):
                md5.update(chunk)
                sha256.update(chunk)
        except NoSuchObjectError:  # it was there a moment ago; the next inspection tells
            return None
        if wanted.sha256 is not None and sha256.hexdigest() != wanted.sha256:
            return "Its SHA-256 is not the recorded one."
        if wanted.md5 is not None:
            return None if md5.hexdigest() == wanted.md5 else "Its MD5 is not the recorded one."
        if _MD5.fullmatch(stored.etag) and md5.hexdigest() != stored.etag:
            return "Its MD5 is not the one that the storage lists."
        return None

    async def _forgotten_uploads(self) -> list[Finding]:
        # listed first: one that ends meanwhile is completed or aborted before its row says so
        listed = [upload async for upload in self._storage.list_uploads(keys.PREFIX)]
        async with self._database.connection() as db:
            known = {(upload.key, upload.upload_id) for upload in await repository.list_uploads(db)}
        return [
            Finding(
                kind="forgotten_upload",
                key=upload.key,
                detail=f"An upload of {upload.begun_at:%Y-%m-%d} that nobody can end.",
                remedy="remove",
                upload_id=upload.upload_id,
            )
            for upload in listed
            if upload.begun_at < self._settled and (upload.key, upload.upload_id) not in known
        ]

    def _is_settled(self, stored: Stored) -> bool:
        return stored.written_at < self._settled


def _orphan(stored: Stored, why: str) -> Finding:
    return Finding(kind="orphan", key=stored.key, detail=why, remedy="remove")


def _note_damaged(
    video: VideoRow, wanted: Expected, stored: Stored, fault: str, lost: dict[str, Lost], found: list[Finding]
) -> None:
    if wanted.rendition is None:
        found.append(_finding("wrong_hash", video, wanted, fault))
    elif wanted.cell is None:
        lost[wanted.rendition].init = "wrong_hash"
    else:
        lost[wanted.rendition].damaged.append(wanted.cell)
        lost[wanted.rendition].bytes -= stored.size


def _finding(kind: Kind, video: VideoRow, wanted: Expected, detail: str) -> Finding:
    """Of an object that is of no rendition."""
    return Finding(
        kind=kind,
        key=wanted.key,
        detail=detail,
        remedy="make_again" if wanted.picture else None,
        video_id=video.id,
        edition=video.edition,
        picture=wanted.picture,
        status=video.status,
    )


def _judge(video: VideoRow, lost: Lost) -> list[Finding]:
    """What is wrong with a rendition as a whole. Without its init segment no cell of it can be played."""
    rendition = lost.rendition
    prefix = keys.rendition_prefix(video.id, rendition.recipe, rendition.name)
    size = rendition.bytes - lost.bytes
    if lost.init is not None:
        key, runs, size = f"{prefix}init.mp4", rendition.stored, rendition.bytes
        kind: Kind = lost.init
        wrong = "not stored" if kind == "missing" else "another than was stored"
        detail = f"The init segment is recorded, and {wrong}: every segment of it is of no use."
    elif lost.missing:
        key, kind, runs = prefix, "missing", runs_of([*lost.missing, *lost.damaged])
        detail = f"Segments are recorded, and not stored, or not as they were: {_numbers(runs)}."
    elif lost.damaged:
        key, kind, runs = prefix, "wrong_hash", runs_of(lost.damaged)
        detail = f"Segments are others than were stored: {_numbers(runs)}."
    elif size:
        detail = f"Its segments have {lost.bytes} bytes together; {rendition.bytes} are recorded."
        return [Finding(kind="wrong_size", key=prefix, detail=detail, video_id=video.id)]
    else:
        return []
    cells = Cells(rendition.name, rendition.recipe, rendition.evictions, runs, size, init=lost.init is not None)
    return [
        Finding(
            kind=kind,
            key=key,
            detail=detail,
            remedy="make_again",
            video_id=video.id,
            cells=cells,
            status=video.status,
        )
    ]


def _numbers(runs: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{first}–{stop - 1}" for first, stop in runs)


async def _each(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
