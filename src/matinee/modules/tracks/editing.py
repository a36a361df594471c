"""The words of a text track, read and replaced. No transaction is open while a file is read or stored."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage, StorageUnavailable
from matinee.media import keys
from matinee.media.captions.model import MOST_STORED_BYTES, BadCaptions, Cue, in_order
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import write_vtt
from matinee.modules.integrity.stored import store
from matinee.modules.tracks import repository
from matinee.modules.tracks.errors import InvalidCaptions, InvalidCues, NoSuchTrack, TrackNotReady
from matinee.modules.tracks.jobs import remove_job
from matinee.modules.tracks.repository import NewRow, TrackRow
from matinee.modules.tracks.rules import chapters_of, cues_to_edit, edited_cues, edited_name
from matinee.modules.tracks.schemas import Cues, TextTrack
from matinee.modules.tracks.service import shown
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService


class CueEditing:
    """Cues as their owner edits them."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, videos: VideoService) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos

    async def cues_of(self, caller: Caller, video_id: UUID, track_id: UUID) -> Cues:
        """What a track says."""
        await self._ready(caller, video_id, track_id)
        try:
            file = await self._storage.read(keys.captions_key(video_id, track_id), 0, MOST_STORED_BYTES)
        except NoSuchObjectError:  # being deleted
            raise NoSuchTrack from None
        return Cues(items=await asyncio.to_thread(lambda: cues_to_edit(read_stored(file))))

    async def replace(
        self,
        begin: Begin,
        caller: Caller,
        video_id: UUID,
        track_id: UUID,
        edited: Cues,
    ) -> TextTrack:
        """Replaces what a track says; `begin` opens the transaction that records it.

        What a track says never changes, for players and caches keep it: the edited one takes the place of the old,
        under an id of its own. Raises InvalidCues, InvalidCaptions.
        """
        row = await self._ready(caller, video_id, track_id)
        cues, text = await asyncio.to_thread(_written, edited, for_programs=row.kind == "metadata")
        new_id = uuid4()
        key = keys.captions_key(video_id, new_id)
        await store(self._storage, self._database, key, text, keys.CAPTIONS_TYPE)
        try:
            return await self._record(await begin(), video_id, track_id, new_id, cues)
        except BaseException:
            with suppress(StorageUnavailable):  # then it goes with the video
                await self._storage.delete_prefix(key)
            raise

    async def _ready(self, caller: Caller, video_id: UUID, track_id: UUID) -> TrackRow:
        async with self._database.connection() as db:
            await self._videos.owned(db, caller, video_id)
            row = await repository.find_track(db, video_id, track_id)
        return _checked(row)

    async def _record(
        self, db: Connection, video_id: UUID, track_id: UUID, new_id: UUID, cues: list[Cue]
    ) -> TextTrack:
        if not await repository.lock_video(db, video_id):
            raise VideoNotFound
        old = _checked(await repository.find_track(db, video_id, track_id))
        await repository.delete_track(db, video_id, track_id)
        await repository.insert_track(db, video_id, _successor(old, new_id, len(cues)))
        if old.kind == "chapters":
            await repository.set_chapters(db, video_id, chapters_of(cues))
        await self._queue.enqueue(db, remove_job(video_id, track_id))
        await announce(db, str(video_id))
        made = await repository.find_track(db, video_id, new_id)
        assert made is not None, "it was inserted above"
        return shown(video_id, made)


def _checked(row: TrackRow | None) -> TrackRow:
    if row is None:
        raise NoSuchTrack
    if row.state != "ready":
        raise TrackNotReady
    return row


def _written(edited: Cues, *, for_programs: bool) -> tuple[list[Cue], bytes]:
    cues, faults = edited_cues(edited.items, for_programs=for_programs)
    if faults:
        raise InvalidCues(faults[0].message, faults=faults[:100])
    try:
        cues = in_order(cues)
    except BadCaptions as bad:
        raise InvalidCaptions.of(bad) from None
    return cues, write_vtt(cues).encode()


def _successor(old: TrackRow, new_id: UUID, cues: int) -> NewRow:
    """The track that takes the place of one whose cues were edited: a person has read it."""
    return NewRow(
        id=new_id,
        kind=old.kind,
        language=old.language,
        name=edited_name(old.name) if old.machine_made else old.name,
        is_default=old.is_default,
        is_forced=old.is_forced,
        source_stream=old.source_stream,
        format=old.format,
        encoding=old.encoding,
        cues=cues,
        of_sound=old.of_sound,
        whole=old.whole,
        whole_start=old.whole_start,
        created_at=old.created_at,
    )
