"""What a video takes, what is to be kept of it, and the evicting of what nobody watches."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog
from msgspec import UNSET

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.modules.encoding.service import EncodingService
from matinee.modules.retention import repository
from matinee.modules.retention.jobs import evict_job
from matinee.modules.retention.repository import Eviction, StorageRow
from matinee.modules.retention.rules import OFFERED_DAYS, KeepPolicy, evictable, saved_bytes
from matinee.modules.retention.schemas import (
    RenditionStorage,
    StorageChange,
    StorageChoice,
    StoragePolicy,
    StorageSaving,
    VideoStorage,
)
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService

log = structlog.get_logger()

BATCH = 50  # evictions begun at once: until its objects are deleted, nothing of a rendition can be made


class RetentionService:
    """Policies of storage. `default` is what holds where a video's owner has not chosen."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        encoding: EncodingService,
        default: KeepPolicy,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._encoding = encoding
        self._default = default

    async def get(self, db: Connection, caller: Caller, video_id: UUID) -> VideoStorage:
        """What a video of the caller takes; raises VideoNotFound for any other."""
        await self._videos.owned(db, caller, video_id)
        return self._describe(await self._find(db, video_id))

    async def change(self, db: Connection, caller: Caller, video_id: UUID, change: StorageChange) -> VideoStorage:
        """Chooses what is kept. What `eager` asks for and does not exist is enqueued."""
        await self._videos.owned(db, caller, video_id)
        before = (await self._find(db, video_id)).choice.over(self._default)
        if not await repository.change_policy(db, video_id, change):
            raise VideoNotFound
        row = await self._find(db, video_id)
        policy = row.choice.over(self._default)
        if change.codecs is not UNSET:
            await self._encoding.offer(db, video_id, policy.codecs, policy.encode_policy)
        if policy.encode_policy == "eager" != before.encode_policy and row.status == "READY":
            await self._encoding.fill(db, video_id)
        await announce(db, str(video_id))
        return self._describe(await self._find(db, video_id))

    async def begin_evictions(self) -> None:
        """Periodic: has some of what its policy gives up evicted, once what was begun before is done."""
        async with self._database.transaction() as db:
            if await repository.list_evicting(db):
                return
            evictions = await repository.begin_evictions(db, default_days=self._default.keep_days, most=BATCH)
            await self._enqueue(db, evictions)
            for video_id in {eviction.video_id for eviction in evictions}:
                await announce(db, str(video_id))

    async def resume_evictions(self) -> None:
        """Periodic: enqueues again what was given up: until its objects are deleted nothing can be made."""
        async with self._database.transaction() as db:
            await self._enqueue(db, await repository.list_evicting(db))

    async def _enqueue(self, db: Connection, evictions: Sequence[Eviction]) -> None:
        await self._queue.enqueue_all(db, [evict_job(eviction.video_id, eviction.name) for eviction in evictions])

    async def evict(self, run: JobRun, video_id: str, rendition: str) -> None:
        """Job: deletes the objects of a rendition that is marked as evicting. Repeatable."""
        video = UUID(video_id)
        async with self._database.connection() as db:
            recipe = await repository.find_evicting(db, video, rendition)
        if recipe is None:
            return
        objects = await self._storage.delete_prefix(keys.rendition_prefix(video, recipe, rendition))
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            await repository.end_eviction(db, video, rendition)
        log.info("rendition_evicted", video_id=video_id, rendition=rendition, objects=objects)

    async def _find(self, db: Connection, video_id: UUID) -> StorageRow:
        row = await repository.find_storage(db, video_id)
        if row is None:
            raise VideoNotFound
        return row

    def _describe(self, row: StorageRow) -> VideoStorage:
        renditions = row.listed()
        loose = evictable(renditions, seekable=row.seekable)
        policy = row.choice.over(self._default)
        return VideoStorage(
            source_bytes=row.filesize if row.status in ("PROCESSING", "READY", "FAILED") else 0,
            renditions=[
                RenditionStorage(
                    name=rendition.name,
                    kind=rendition.kind,
                    cells=rendition.cells,
                    cells_stored=rendition.cells_stored,
                    bytes=rendition.bytes,
                    watched_at=rendition.watched_at,
                    evictable=rendition in loose,
                )
                for rendition in renditions
            ],
            rendition_bytes=sum(rendition.bytes for rendition in renditions),
            evictable_bytes=sum(rendition.bytes for rendition in loose),
            savings=[StorageSaving(keep_days=days, bytes=saved_bytes(loose, days, row.now)) for days in OFFERED_DAYS],
            chosen=StorageChoice(**msgspec.structs.asdict(row.choice)),
            effective=StoragePolicy(**msgspec.structs.asdict(policy)),
        )
