"""Decisions about text tracks and chapters. No transaction is open while a file is read or stored."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Literal
from uuid import UUID, uuid4

from msgspec import UNSET

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage, StorageUnavailable
from matinee.media import keys
from matinee.media.captions.languages import UNKNOWN, canonical_language
from matinee.media.captions.model import BadCaptions, Format
from matinee.media.captions.read import Captions, read_captions
from matinee.media.captions.vtt import write_vtt
from matinee.modules.integrity.stored import store
from matinee.modules.tracks import repository
from matinee.modules.tracks.errors import (
    ForcedNotSubtitles,
    InvalidCaptions,
    InvalidChapters,
    KindFixed,
    NoSuchTrack,
    TooManyTracks,
)
from matinee.modules.tracks.jobs import remove_job
from matinee.modules.tracks.repository import NewRow, TrackRow
from matinee.modules.tracks.rules import MOST_TRACKS, chapters_of, failure_of, may_become, misplaced_chapters
from matinee.modules.tracks.schemas import Chapters, NewTrack, TextTrack, TextTracks, TrackChange
from matinee.modules.videos.access import may_change_as
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService


class TrackService:
    """Text tracks and chapters as people see and change them."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, videos: VideoService) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos

    async def tracks_of(self, db: Connection, viewer: Viewer, video_id: UUID) -> TextTracks:
        """The tracks of a video that the viewer may see."""
        video = await self._videos.seen(db, viewer, video_id)
        rows = await repository.list_tracks(db, video_id)
        if not may_change_as(viewer, video.owner_id):  # what is not there yet is its owner's affair
            rows = [row for row in rows if row.state == "ready"]
        return TextTracks(items=[shown(video_id, row, viewer.prefix) for row in rows])

    async def add(
        self,
        begin: Begin,
        caller: Caller,
        video_id: UUID,
        new: NewTrack,
        file: bytes,
        *,
        form: Format | None,
        charset: str | None,
    ) -> TextTrack:
        """Reads a file and adds it as a track; `begin` opens the transaction that records it.

        Raises InvalidCaptions, TooManyTracks, ForcedNotSubtitles.
        """
        if new.forced and new.kind != "subtitles":
            raise ForcedNotSubtitles
        async with self._database.connection() as db:
            await self._videos.owned(db, caller, video_id)
        read = partial(read_captions, file, form=form, charset=charset, for_programs=new.kind == "metadata")
        try:
            captions = await asyncio.to_thread(read)
        except BadCaptions as bad:
            raise InvalidCaptions.of(bad) from None
        row = NewRow(
            id=uuid4(),
            kind=new.kind,
            language=canonical_language(new.language) or UNKNOWN,
            name=new.name,
            is_default=new.default,
            is_forced=new.forced,
            format=captions.format,
            encoding=captions.encoding,
            cues=len(captions.cues),
        )
        key = keys.captions_key(video_id, row.id)
        await store(self._storage, self._database, key, write_vtt(captions.cues).encode(), keys.CAPTIONS_TYPE)
        try:
            return await self._record(await begin(), video_id, row, captions)
        except BaseException:
            with suppress(StorageUnavailable):  # then it goes with the video
                await self._storage.delete_prefix(key)
            raise

    async def change(
        self, db: Connection, caller: Caller, video_id: UUID, track_id: UUID, change: TrackChange
    ) -> TextTrack:
        """Changes what is said of a track."""
        row = await self._locked(db, caller, video_id, track_id)
        kind = row.kind if change.kind is UNSET else change.kind
        if not may_become(row.kind, kind):
            raise KindFixed
        if kind != "subtitles" and (row.is_forced if change.forced is UNSET else change.forced):
            raise ForcedNotSubtitles
        if change.language is not UNSET:
            change.language = canonical_language(change.language) or UNKNOWN
        await repository.change_track(db, video_id, row, change)
        await announce(db, str(video_id))
        return await self._get(db, video_id, track_id)

    async def delete(self, db: Connection, caller: Caller, video_id: UUID, track_id: UUID) -> None:
        """Takes a track from its video; jobs remove its files."""
        row = await self._locked(db, caller, video_id, track_id)
        await repository.delete_track(db, video_id, track_id)
        gone = [track_id] if row.whole is None else [track_id, row.whole]
        await self._queue.enqueue_all(db, [remove_job(video_id, each) for each in gone])
        await announce(db, str(video_id))

    async def remove_file(self, run: JobRun, video_id: str, track_id: str) -> None:
        """Job: removes the file of a deleted track. Repeatable."""
        del run
        await self._storage.delete_prefix(keys.captions_key(UUID(video_id), UUID(track_id)))

    async def chapters(self, db: Connection, viewer: Viewer, video_id: UUID) -> Chapters:
        """The chapters of a video that the viewer may see; of a part, those that begin in it."""
        await self._videos.seen(db, viewer, video_id)
        items = await repository.find_chapters(db, video_id)
        if (grant := viewer.grant) is not None:
            items = [c for c in items if c.start >= grant.start and (grant.end is None or c.start < grant.end)]
        return Chapters(items=items)

    async def set_chapters(self, db: Connection, caller: Caller, video_id: UUID, chapters: Chapters) -> Chapters:
        """Replaces the chapters."""
        video = await self._videos.owned(db, caller, video_id)
        faults = misplaced_chapters(chapters.items, video.duration)
        if faults:
            raise InvalidChapters(faults[0].message, faults=faults[:100])
        if not await repository.lock_video(db, video_id):
            raise VideoNotFound
        await repository.set_chapters(db, video_id, chapters.items)
        await announce(db, str(video_id))
        return chapters

    async def _record(self, db: Connection, video_id: UUID, new: NewRow, captions: Captions) -> TextTrack:
        if not await repository.lock_video(db, video_id):
            raise VideoNotFound
        if await repository.count_tracks(db, video_id) >= MOST_TRACKS:
            raise TooManyTracks
        await repository.insert_track(db, video_id, new)
        if new.kind == "chapters":
            await repository.set_chapters(db, video_id, chapters_of(captions.cues))
        await announce(db, str(video_id))
        return await self._get(db, video_id, new.id)

    async def _get(self, db: Connection, video_id: UUID, track_id: UUID) -> TextTrack:
        row = await repository.find_track(db, video_id, track_id)
        if row is None:
            raise NoSuchTrack
        return shown(video_id, row)

    async def _locked(self, db: Connection, caller: Caller, video_id: UUID, track_id: UUID) -> TrackRow:
        await self._videos.owned(db, caller, video_id)
        if not await repository.lock_video(db, video_id):
            raise VideoNotFound
        row = await repository.find_track(db, video_id, track_id)
        if row is None:
            raise NoSuchTrack
        return row


def shown(video_id: UUID, row: TrackRow, prefix: str = "") -> TextTrack:
    """A track as people see it."""
    origin: Literal["upload", "film", "speech"] = "upload" if row.source_stream is None else "film"
    return TextTrack(
        id=row.id,
        kind=row.kind,
        language=row.language,
        name=row.name,
        default=row.is_default,
        forced=row.is_forced,
        origin="speech" if row.of_sound else origin,
        state=row.state,
        percent=100.0 if row.state == "ready" else round(row.percent or 0.0, 1),
        failure=failure_of(row.failure),
        machine_made=row.machine_made,
        probability=row.probability,
        format=row.format,
        encoding=row.encoding,
        cues=row.cues,
        url=f"{prefix}/playback/{video_id}/captions/{row.id}.vtt",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
