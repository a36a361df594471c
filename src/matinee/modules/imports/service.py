"""Decisions about imports; the fetching itself is a worker's."""

from uuid import UUID

from msgspec.structs import replace

from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue
from matinee.common.validation import Fault
from matinee.modules.imports import repository
from matinee.modules.imports.errors import ImportsOff, InvalidImportUrl
from matinee.modules.imports.jobs import fetch_job
from matinee.modules.imports.rules import read_url
from matinee.modules.imports.schemas import NewImport
from matinee.modules.quotas.service import QuotaService
from matinee.modules.teams.rules import EDITORS, acting_for
from matinee.modules.videos.rules import Encryption
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService

_AT_ONCE = 500  # imports whose jobs were lost and are enqueued at a time


class ImportService:
    """Videos from addresses. `enabled`: whether this installation fetches anything."""

    def __init__(
        self,
        queue: JobQueue,
        videos: VideoService,
        quotas: QuotaService,
        *,
        enabled: bool,
        encryption: Encryption = "none",
    ) -> None:
        self._queue = queue
        self._videos = videos
        self._quotas = quotas
        self._enabled = enabled
        self._encryption: Encryption = encryption

    async def begin(self, db: Connection, caller: Caller, new: NewImport) -> Video:
        """A video whose file will be fetched.

        Raises ImportsOff, InvalidImportUrl, QuotaExceeded, TeamNotFound and TeamRoleNeeded.
        """
        if not self._enabled:
            raise ImportsOff
        try:
            url = read_url(new.url)
        except ValueError as error:
            raise InvalidImportUrl(str(error), faults=[Fault("url", str(error))]) from None
        owner_id = acting_for(caller, new.owner, EDITORS)
        new = replace(new, encryption=new.encryption or self._encryption)
        # how large it is nobody knows yet: the worker reserves that
        await self._quotas.reserve_file(db, owner_id, 0)
        video_id = await repository.insert(db, owner_id, new, url)
        if video_id is None:
            raise Unauthenticated("This account no longer exists.")
        await self._queue.enqueue(db, fetch_job(video_id))
        return await self._videos.get(db, Viewer(caller), video_id)

    async def resume(self, database: Database) -> None:
        """Periodic: has files fetched whose jobs were lost. However long it waits for a worker, an import stays."""
        async with database.transaction() as db:
            stranded = await repository.list_stranded(db, _AT_ONCE)
            await self._queue.enqueue_all(db, [fetch_job(video_id) for video_id in stranded])

    async def retry(self, db: Connection, video_id: UUID) -> bool:
        """Has a file that could not be fetched fetched again, from where it stopped; False for any other video.

        Raises ImportsOff.
        """
        if not await repository.retry(db, video_id):
            return False
        if not self._enabled:
            raise ImportsOff  # and it stays as it was
        await self._queue.enqueue(db, fetch_job(video_id))
        return True
