"""Decisions about sounds. No transaction is open while the object storage is asked."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import UNSET

from matinee.common.clock import Clock, system_clock
from matinee.common.database import Begin, Connection, Database, DatabaseUnavailable
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.notifications import announce, announce_all
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Storage
from matinee.common.validation import Fault
from matinee.media import keys
from matinee.media.captions.languages import UNKNOWN, canonical_language
from matinee.media.model import AudioRendition, Plan
from matinee.modules.downloads.refreshing import refresh_downloads
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.jobs import audio_job
from matinee.modules.encoding.service import read_plan
from matinee.modules.integrity.jobs import hash_sound_job
from matinee.modules.quotas.service import QuotaService
from matinee.modules.sounds import repository
from matinee.modules.sounds.errors import DefaultSound, LastSound, NoSuchSound, SoundNotUploaded, TooManySounds
from matinee.modules.sounds.jobs import add_job, remove_job
from matinee.modules.sounds.repository import AddedSound, NewRow
from matinee.modules.sounds.rules import MOST_SOUNDS, changed, part_size, renditions_of, without_sound
from matinee.modules.sounds.schemas import NewSound, Sound, SoundChange, Sounds, SoundUpload, State
from matinee.modules.uploads.errors import FileTooLarge
from matinee.modules.uploads.rules import PartPlan
from matinee.modules.uploads.schemas import CompleteUpload, SignedPart
from matinee.modules.uploads.service import checked_parts
from matinee.modules.videos.access import may_change_as
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Failure
from matinee.modules.videos.service import VideoService

_STATES: dict[str, State] = {
    "UPLOADING": "uploading",
    "PROCESSING": "processing",
    "READY": "processing",  # until the plan that has it is read
    "FAILED": "failed",
}


class SoundService:
    """Sounds as people see and change them."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        quotas: QuotaService,
        *,
        max_bytes: int,
        expiry_hours: int,
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._quotas = quotas
        self._max_bytes = max_bytes
        self._expiry_seconds = expiry_hours * 3600
        self._clock = clock

    async def sounds_of(self, db: Connection, viewer: Viewer, video_id: UUID) -> Sounds:
        """The sounds of a video that the viewer may see; those that are not ready only for who may change it."""
        video = await self._videos.seen(db, viewer, video_id)
        plan = await encoding.find_plan(db, video_id)
        items = _planned(plan) if plan else []
        if may_change_as(viewer, video.owner_id):
            known = {sound.id for sound in items}
            items += [_awaited(row) for row in await repository.list_added(db, video_id) if row.name not in known]
        return Sounds(items=items)

    async def add(self, begin: Begin, caller: Caller, video_id: UUID, new: NewSound) -> SoundUpload:
        """Announces a sound and begins its upload. Raises FileTooLarge, QuotaExceeded, TooManySounds,
        VideoNotPlayable.

        It is recorded before: so whatever a crash leaves in the storage is found by its row, and dropped with it.
        """
        if new.filesize > self._max_bytes:
            sentence = f"The file has {new.filesize} bytes; this server accepts {self._max_bytes}."
            raise FileTooLarge(sentence, faults=[Fault("filesize", sentence)])
        async with self._database.connection() as db:
            video = await self._videos.owned(db, caller, video_id)
        if video.status != "READY":
            raise VideoNotPlayable
        name = f"audio-{secrets.token_hex(6)}"  # never used again: what has its keys is kept by caches for ever
        key, size = keys.sound_key(video_id, name), part_size(new.filesize)
        row = NewRow(
            video_id=video_id,
            name=name,
            language=canonical_language(new.language) or UNKNOWN,
            title=new.name,
            is_default=new.default,
            filename=new.filename,
            filesize=new.filesize,
            part_size=size,
        )
        async with self._database.transaction() as db:
            await self._record(db, row, video.owner_id)
        try:
            upload_id = await self._storage.begin_upload(key, "application/octet-stream")
            parts = await self._sign(key, upload_id, PartPlan(new.filesize, size))
            db = await begin()
        except BaseException:
            await self._withdraw(video_id, name)
            raise
        if not await repository.begin_upload(db, video_id, name, upload_id):
            raise NoSuchSound
        sound = await self._get(db, video_id, name)
        return SoundUpload(sound=sound, part_size=size, parts=parts, expires_at=self._expiry())

    async def complete(self, caller: Caller, video_id: UUID, sound_id: str, claim: CompleteUpload) -> Sound:
        """Joins the parts and has the sound looked at. Repeating it is harmless."""
        async with self._database.connection() as db:
            await self._videos.owned(db, caller, video_id)
            row = await repository.find_added(db, video_id, sound_id)
        if row is None:
            raise NoSuchSound
        if row.state == "UPLOADING":
            await self._join(row, claim)
            async with self._database.transaction() as db:
                if await repository.finish_upload(db, video_id, sound_id):
                    jobs = [add_job(video_id, sound_id), hash_sound_job(video_id, sound_id)]
                    await self._queue.enqueue_all(db, jobs)
                    await announce(db, str(video_id))
        async with self._database.connection() as db:
            return await self._get(db, video_id, sound_id)

    async def change(
        self, db: Connection, caller: Caller, video_id: UUID, sound_id: str, change: SoundChange
    ) -> Sound:
        """Changes what is said of a sound. Raises DefaultSound where no other would be the default."""
        await self._videos.owned(db, caller, video_id)
        plan, revision = await _locked(db, video_id)
        if not renditions_of(plan, sound_id):
            await self._change_awaited(db, video_id, sound_id, change)
        else:
            first = plan.sounds[0].name
            if change.default is False and first == sound_id:
                raise DefaultSound
            new = changed(plan, sound_id, change)
            await encoding.change_plan(db, video_id, new, revision=revision)
            if new.sounds[0].name != first:
                await self._queue.enqueue(db, audio_job(video_id, new.sounds[0].name, first=True))
                await refresh_downloads(db, self._queue, video_id)
        await announce(db, str(video_id))
        return await self._get(db, video_id, sound_id)

    async def delete(self, db: Connection, caller: Caller, video_id: UUID, sound_id: str) -> None:
        """Takes a sound from its video; a job removes its objects. Raises LastSound for the only one."""
        await self._videos.owned(db, caller, video_id)
        plan, revision = await _locked(db, video_id)
        gone = [sound.name for sound in renditions_of(plan, sound_id)]
        if gone and len(plan.tracks) == 1:
            raise LastSound
        uploaded = await repository.delete_added(db, video_id, sound_id)
        if not gone and not uploaded:
            raise NoSuchSound
        if gone:
            was_first = plan.sounds[0].name == sound_id
            new = without_sound(plan, sound_id)
            await encoding.change_plan(db, video_id, new, revision=revision)
            await encoding.remove_renditions(db, video_id, gone)
            if was_first:
                await self._queue.enqueue(db, audio_job(video_id, new.sounds[0].name, first=True))
            await refresh_downloads(db, self._queue, video_id, gone=gone, mixed=was_first)
        job = remove_job(video_id, sound_id, uploaded=uploaded, recipe=plan.recipe, renditions=gone)
        await self._queue.enqueue(db, job)
        await announce(db, str(video_id))

    async def remove_files(
        self, run: JobRun, video_id: str, name: str, uploaded: bool, recipe: str, renditions: list[str]
    ) -> None:
        """Job: removes what is stored of a removed sound. Repeatable."""
        del run
        video = UUID(video_id)
        if uploaded:
            key = keys.sound_key(video, name)
            await self._storage.abort_uploads(key)
            await self._storage.delete(key)
        for rendition in renditions:
            await self._storage.delete_prefix(keys.rendition_prefix(video, recipe, rendition))
            await self._storage.delete_prefix(keys.layout_key(video, recipe, rendition))

    async def abandon(self, *, upload_hours: int, failed_days: int) -> None:
        """Periodic: deletes uploads that nobody finished and failures past their time."""
        async with self._database.transaction() as db:
            gone = await repository.abandon(db, upload_hours=upload_hours, failed_days=failed_days)
            await self._queue.enqueue_all(db, [remove_job(row.video_id, row.name, uploaded=True) for row in gone])
            await announce_all(db, [str(row.video_id) for row in gone])

    async def _withdraw(self, video_id: UUID, name: str) -> None:
        """Takes back what was recorded; where that fails, `abandon` does it later."""
        with suppress(DatabaseUnavailable):
            async with self._database.transaction() as db:
                if await repository.delete_added(db, video_id, name):
                    await self._queue.enqueue(db, remove_job(video_id, name, uploaded=True))
                    await announce(db, str(video_id))

    async def _record(self, db: Connection, row: NewRow, owner_id: UUID) -> None:
        plan, _ = await _locked(db, row.video_id)
        planned = {sound.name for sound in plan.tracks}
        awaited = [added for added in await repository.list_added(db, row.video_id) if added.name not in planned]
        if len(planned) + len(awaited) >= MOST_SOUNDS:
            raise TooManySounds
        await self._quotas.reserve_file(db, owner_id, row.filesize, lasts=False)
        await repository.insert_added(db, row)
        await announce(db, str(row.video_id))

    async def _change_awaited(self, db: Connection, video_id: UUID, name: str, change: SoundChange) -> None:
        row = await repository.lock_added(db, video_id, name)
        if row is None:
            raise NoSuchSound
        language = row.language if change.language is UNSET else canonical_language(change.language) or UNKNOWN
        await repository.change_added(
            db,
            video_id,
            name,
            language=language,
            title=row.title if change.name is UNSET else change.name,
            is_default=row.is_default if change.default is UNSET else change.default,
        )

    async def _sign(self, key: str, upload_id: str, parts: PartPlan) -> list[SignedPart]:
        sizes = {number: parts.size(number) for number in range(1, parts.count + 1)}
        urls = await self._storage.part_urls(key, upload_id, sizes, self._expiry_seconds)
        return [SignedPart(number, url, size) for (number, size), url in zip(sizes.items(), urls, strict=True)]

    async def _join(self, row: AddedSound, claim: CompleteUpload) -> None:
        if row.upload_id is None:  # it has not begun
            raise SoundNotUploaded
        key = keys.sound_key(row.video_id, row.name)
        try:
            listed = await self._storage.list_parts(key, row.upload_id)
            await self._storage.complete_upload(key, row.upload_id, checked_parts(row.parts, listed, claim))
        except NoSuchUploadError:
            # an earlier call joined them but did not live to say so; or the storage dropped the upload
            try:
                size = await self._storage.size(key)
            except NoSuchObjectError:
                size = None
            if size != row.filesize:
                raise SoundNotUploaded from None

    async def _get(self, db: Connection, video_id: UUID, name: str) -> Sound:
        plan = await encoding.find_plan(db, video_id)
        for sound in _planned(plan) if plan else []:
            if sound.id == name:
                return sound
        row = await repository.find_added(db, video_id, name)
        if row is None:
            raise NoSuchSound
        return _awaited(row)

    def _expiry(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), UTC) + timedelta(seconds=self._expiry_seconds)


async def _locked(db: Connection, video_id: UUID) -> tuple[Plan, int]:
    """The plan of a video, which nobody else changes in this transaction's time, and its revision."""
    row = await encoding.lock_plan(db, video_id)
    if row is None:
        if await encoding.exists(db, video_id):
            raise VideoNotPlayable
        raise VideoNotFound
    return read_plan(row.plan), row.plan_revision


def _planned(plan: Plan) -> list[Sound]:
    return [_shown(plan, track) for track in plan.tracks]


def _shown(plan: Plan, track: AudioRendition) -> Sound:
    surround = plan.surround(track.name)
    return Sound(
        id=track.name,
        language=canonical_language(track.language or UNKNOWN) or UNKNOWN,
        name=track.title,
        default=track is plan.audio,
        origin="film" if track.file is None else "upload",
        state="ready",
        channels=(surround or track).channels,
        gain=track.gain_db,
        failure=None,
    )


def _awaited(row: AddedSound) -> Sound:
    failed = row.failure_code is not None
    return Sound(
        id=row.name,
        language=row.language,
        name=row.title,
        default=row.is_default,
        origin="upload",
        state=_STATES[row.state],
        channels=None,
        gain=None,
        failure=Failure(row.failure_code or "", row.failure_detail or "") if failed else None,
    )
