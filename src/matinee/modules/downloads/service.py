"""Decisions about downloads: what a video is offered as, and who may fetch it."""

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.model import Plan
from matinee.media.progressive import Layout
from matinee.modules.downloads import repository
from matinee.modules.downloads.assembly import Assembly
from matinee.modules.downloads.errors import DownloadNotReady, NoSuchDownload, NotWhileEncrypted
from matinee.modules.downloads.jobs import prepare_job
from matinee.modules.downloads.repository import DownloadFacts, DownloadRow
from matinee.modules.downloads.rules import ORIGINAL, disposition, file_name, title_name
from matinee.modules.downloads.schemas import Download, Downloads
from matinee.modules.encoding import repository as encoding
from matinee.modules.pictures.objects import read_whole
from matinee.modules.playback.audience import Audience
from matinee.modules.playback.objects import StoredObject
from matinee.modules.playback.service import PlaybackService
from matinee.modules.videos.access import may_change_as, seen
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.service import VideoService

_REMEMBERED = 4  # layouts: 12 bytes a frame, some megabytes for a long film
_decode_layout = msgspec.msgpack.Decoder(Layout).decode


class File(msgspec.Struct, frozen=True):
    """A file to be sent; its bytes are `assembly`'s, or those of the object where that is None."""

    stored: StoredObject
    disposition: str
    assembly: Assembly | None


class DownloadService:
    """Files of videos."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        playback: PlaybackService,
        audience: Audience,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._playback = playback
        self._audience = audience
        self._layouts: OrderedDict[tuple[UUID, str, datetime], Layout] = OrderedDict()

    async def offered(self, db: Connection, viewer: Viewer, video_id: UUID) -> Downloads:
        """What a video that the viewer may see is offered as."""
        video = await self._videos.seen(db, viewer, video_id)
        if video.encryption != "none":
            return Downloads(items=[], possible=[])
        return Downloads(
            items=[_shown(video_id, row, viewer.prefix) for row in await repository.list_downloads(db, video_id)],
            possible=await _possible(db, video_id) if may_change_as(viewer, video.owner_id) else [],
        )

    async def offer(self, db: Connection, caller: Caller, video_id: UUID, name: str) -> Download:
        """Offers a file and has it made. Repeatable."""
        video = await self._videos.owned(db, caller, video_id)
        if video.status != "READY":
            raise VideoNotPlayable
        if video.encryption != "none":
            raise NotWhileEncrypted
        if name == ORIGINAL:
            if await repository.holds_more(db, video_id):
                raise NoSuchDownload
        else:
            await _require_rendition(db, video_id, name)
        if await repository.offer(db, video_id, name):
            await announce(db, str(video_id))
        if name != ORIGINAL:
            await self._queue.enqueue(db, prepare_job(video_id, name))
        rows = await repository.list_downloads(db, video_id)
        offered = next((row for row in rows if row.name == name), None)
        if offered is None:  # deleted meanwhile
            raise VideoNotFound
        return _shown(video_id, offered)

    async def withdraw(self, db: Connection, caller: Caller, video_id: UUID, name: str) -> None:
        """Offers a file no longer."""
        await self._videos.owned(db, caller, video_id)
        if not await repository.withdraw(db, video_id, name):
            raise NoSuchDownload
        await announce(db, str(video_id))

    async def open(self, viewer: Viewer, video_id: UUID, name: str) -> File:
        """A file, for whoever may see the video and have files of it. Its owner may always fetch the original."""
        async with self._database.connection() as db:
            facts = seen(viewer, video_id, await repository.find_download(db, video_id, name), "download")
        if name == ORIGINAL:
            return self._original(viewer, video_id, facts)
        if facts.status != "READY":
            raise VideoNotPlayable
        if not facts.is_offered:
            raise NoSuchDownload
        if facts.ready_at is None:
            raise DownloadNotReady
        plan = await self._playback.plan(video_id, facts)
        kind = "video" if any(rung.name == name for rung in plan.shown) else "audio"
        self._audience.watched(video_id, name)
        return File(
            StoredObject(
                key=keys.layout_key(video_id, plan.recipe, name),
                etag=f'"{video_id}/{name}/{facts.ready_at.timestamp():.6f}"',
                content_type=keys.CONTENT_TYPES[kind],
                private=facts.is_private,
                immutable=False,
            ),
            disposition(file_name(facts.title, plan, name)),
            Assembly(self._storage, video_id, plan.recipe, await self._layout(video_id, plan, name, facts.ready_at)),
        )

    def _original(self, viewer: Viewer, video_id: UUID, facts: DownloadFacts) -> File:
        if facts.is_clip:  # the file holds the whole film
            raise NoSuchDownload
        if not facts.is_offered and not may_change_as(viewer, facts.owner_id):
            raise NoSuchDownload
        if facts.status in ("INITIATED", "UPLOADING"):
            raise VideoNotPlayable
        # what the file was called is the owner's own affair
        name = facts.filename if may_change_as(viewer, facts.owner_id) else title_name(facts.title, facts.filename)
        stored = StoredObject(
            key=keys.source_key(facts.source_id, facts.source_revision),
            etag=f'"{video_id}/{ORIGINAL}-{facts.source_revision}"',
            content_type="application/octet-stream",  # whatever it is, it is to be saved and not to be opened
            private=not facts.is_offered or facts.is_private,
            immutable=False,
        )
        return File(stored, disposition(name), None)

    async def _layout(self, video_id: UUID, plan: Plan, name: str, ready_at: datetime) -> Layout:
        place = (video_id, name, ready_at)
        known = self._layouts.get(place)
        if known is None:
            try:
                known = _decode_layout(await read_whole(self._storage, keys.layout_key(video_id, plan.recipe, name)))
            except NoSuchObjectError:  # being deleted
                raise NoSuchDownload from None
            self._layouts[place] = known
            if len(self._layouts) > _REMEMBERED:
                self._layouts.popitem(last=False)
        self._layouts.move_to_end(place)
        return known


async def _possible(db: Connection, video_id: UUID) -> list[str]:
    plan = await encoding.find_plan(db, video_id)
    if plan is None:
        return []
    names = [rendition.name for rendition in plan.renditions]
    return names if await repository.holds_more(db, video_id) else [*names, ORIGINAL]


async def _require_rendition(db: Connection, video_id: UUID, name: str) -> None:
    plan = await encoding.find_plan(db, video_id)
    if plan is None or all(rendition.name != name for rendition in plan.renditions):
        raise NoSuchDownload


def _shown(video_id: UUID, row: DownloadRow, prefix: str = "") -> Download:
    return Download(
        name=row.name,
        state="failed" if row.failure else "preparing" if row.size is None else "ready",
        percent=100.0 if row.size is not None else row.percent,
        failure=row.failure,
        size=row.size,
        path=f"{prefix}/playback/{video_id}/downloads/{row.name}",
        offered_at=row.offered_at,
    )
