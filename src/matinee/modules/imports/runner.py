"""The job of imports: a file is fetched within its time, or its video says why it was not."""

import asyncio
from uuid import UUID

import structlog
from aiohttp.abc import AbstractResolver

from matinee.common.config import Settings
from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.errors import Failure
from matinee.modules.imports import repository
from matinee.modules.imports.errors import IMPORT_CRASHED, TOO_SLOW, ImportFailedError
from matinee.modules.imports.fetch import Fetcher
from matinee.modules.imports.jobs import FETCH
from matinee.modules.imports.reach import Reach
from matinee.modules.imports.transfer import Tools, Transfer
from matinee.modules.quotas.service import QuotaService, server_quota

log = structlog.get_logger()


class ImportRunner:
    """The job's work. `resolver` is the system's unless it is given."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        attend: Attend,
        *,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._database = database
        self._queue = queue
        self._attend = attend
        self._longest = settings.import_hours * 3600
        fetcher = Fetcher(Reach(settings.import_allowed), silence=settings.import_idle_seconds, resolver=resolver)
        quotas = QuotaService(server_quota(settings))
        self._tools = Tools(database, storage, queue, quotas, fetcher, settings.max_upload_bytes)

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(FETCH, self.fetch, on_dead=self._gave_up)

    async def fetch(self, run: JobRun, video_id: str) -> None:
        """Leaves where the file is here, or nobody wants it; may run twice or be killed at any moment."""
        await self._attend(run, UUID(video_id), self._fetch)

    async def _fetch(self, run: JobRun, video_id: UUID) -> None:
        async with self._database.transaction() as db:
            await repository.start(db, video_id)
            row = await repository.take(db, video_id)
        if row is None:
            return
        try:
            await self._in_time(Transfer(self._tools, run, row), self._longest - row.seconds)
        except ImportFailedError as error:
            log.info("import_failed", video_id=str(video_id), code=error.failure.code)
            await self._fail(run, video_id, error.failure)

    async def _in_time(self, transfer: Transfer, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as limit:
                await transfer.run()
        except TimeoutError:
            if not limit.expired():
                raise
            raise ImportFailedError(TOO_SLOW) from None

    async def _fail(self, run: JobRun, video_id: UUID, failure: Failure) -> None:
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if await repository.fail(db, video_id, failure):
                await announce(db, str(video_id))

    async def _gave_up(self, db: Connection, video_id: str) -> None:
        await repository.start(db, UUID(video_id))
        if await repository.fail(db, UUID(video_id), IMPORT_CRASHED):
            await announce(db, video_id)
