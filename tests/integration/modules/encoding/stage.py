"""What the encoding tests stand on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psutil
from tests.forks import FORKS
from tests.integration.modules.encoding.forked_worker import work

from matinee.common.config import Settings
from matinee.common.database import Database, execute, fetch_value
from matinee.common.environment import variable_name
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.model import Plan
from matinee.media.speech.listener import SpeechProgram
from matinee.modules.encoding.jobs import chunk_job, ingest_job
from matinee.modules.encoding.schemas import Encoding
from matinee.modules.encoding.service import EncodingService, read_plan
from matinee.modules.imports.service import ImportService
from matinee.modules.quotas.service import QuotaService, server_quota
from matinee.modules.replacements.jobs import FORGET
from matinee.modules.replacements.service import ReplacementService
from matinee.modules.retention.jobs import EVICT
from matinee.modules.retention.rules import FOR_EVER, KeepPolicy
from matinee.modules.retention.service import RetentionService
from matinee.modules.uploads.addresses import FileAddresses
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.service import DELETE_JOB, VideoService
from matinee.worker import Worker

PATIENCE = 60.0  # seconds until a test calls something stuck
_SELDOM = 0.1  # seconds; each look takes its part of the processors that are waited for

_INSERT = """
WITH owner AS (
    INSERT INTO users (email, password_hash, name)
    VALUES (gen_random_uuid() || '@example.org', '', 'Ada') RETURNING id
)
INSERT INTO videos (id, owner_id, title, filename, filesize, filetype, part_size, status, encode_policy, watermark)
SELECT %s, id, 'A film', 'film', %s, 'video/mp4', 16777216, 'PROCESSING', %s, %s::text::jsonb FROM owner
"""
_ROWS = """
SELECT jsonb_build_object(
    'video', to_jsonb(v), 'renditions', (SELECT jsonb_agg(r) FROM renditions r WHERE r.video_id = v.id)
)::text FROM videos v WHERE v.id = %s
"""
_INSERT_ROWS = """
WITH kept AS (SELECT %s::text::jsonb AS rows), owner AS (
    INSERT INTO users (email, password_hash, name)
    VALUES (gen_random_uuid() || '@example.org', '', 'Ada') RETURNING id
), video AS (
    INSERT INTO videos
    SELECT (jsonb_populate_record(NULL::videos, rows -> 'video' || jsonb_build_object('owner_id', owner.id))).*
    FROM kept, owner
)
INSERT INTO renditions SELECT r.* FROM kept, jsonb_populate_recordset(NULL::renditions, rows -> 'renditions') AS r
"""
_FORGET = "UPDATE renditions SET stored = '{}', bytes = 0 WHERE video_id = %s AND name <> 'audio'"
_JOBS_LEFT = """
SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name LIKE 'encoding.%%'
"""
_CELLS = "SELECT coalesce(sum(upper(run) - lower(run)), 0)::integer FROM renditions r, unnest(r.stored) AS run"


class Kept(msgspec.Struct):
    """A complete video: its id, its rows as JSON, and its objects by key without its prefix."""

    id: UUID
    rows: str
    objects: dict[str, bytes]


_kept: dict[bytes, Kept] = {}


class Stage:
    """Puts videos in front of workers and tells what became of them."""

    def __init__(self, settings: Settings, database: Database, storage: Storage, queue: JobQueue) -> None:
        self.settings = settings
        self.database = database
        self.storage = storage
        self.queue = queue
        self.encoding = EncodingService(queue)
        self.quotas = QuotaService(server_quota(settings))

    async def upload(
        self,
        content: bytes | None,
        policy: str = "eager",
        *,
        video_id: UUID | None = None,
        watermark: str | None = None,
    ) -> UUID:
        """A video whose file is stored (None: is missing) and whose ingest waits; `watermark` was chosen for it."""
        video_id = video_id or uuid4()
        async with self.database.transaction() as db:
            await execute(db, _INSERT, (video_id, len(content or b"?") or 1, policy, watermark))
            if content is not None:
                await self.storage.put(keys.source_key(video_id), content, "video/mp4")
            await self.queue.enqueue(db, ingest_job(video_id))
        return video_id

    async def complete(self, content: bytes) -> UUID:
        """A video of which everything exists: encoded at the first asking, from then on put in place as it was."""
        if content in _kept:
            return await self._put_in_place(_kept[content])
        video_id = await self.upload(content)
        async with self.working():
            await self.until_complete(video_id)
            await self.until(self._is_idle)
        prefix = keys.video_prefix(video_id)
        pages = [page async for page in self.storage._pages("list_objects_v2", Prefix=prefix)]
        stored = {entry["Key"]: entry["Size"] for page in pages for entry in page["Contents"]}
        read = {key.removeprefix(prefix): await self.storage.read(key, 0, size) for key, size in stored.items()}
        _kept[content] = Kept(video_id, await self.value(_ROWS, video_id), read)
        return video_id

    async def _put_in_place(self, kept: Kept) -> UUID:
        video_id = uuid4()
        prefix = keys.video_prefix(video_id)
        await asyncio.gather(
            *(self.storage.put(f"{prefix}{name}", data, "video/mp4") for name, data in kept.objects.items())
        )
        await self.execute(_INSERT_ROWS, kept.rows.replace(str(kept.id), str(video_id)))
        return video_id

    @asynccontextmanager
    async def working(self, *, speech: SpeechProgram | None = None, **changes: Any) -> AsyncIterator[Worker]:
        """A worker in this process, for the length of the block; `speech` listens."""
        settings = msgspec.structs.replace(self.settings, **changes)
        queue = JobQueue(
            self.database,
            max_attempts=settings.max_attempts,
            heartbeat=settings.worker_heartbeat_seconds,
            stale_after=settings.worker_stale_seconds,
        )
        worker = Worker(settings, self.database, self.storage, queue, speech)
        queue.register(EVICT, self.retention().evict)
        queue.register(FORGET, self.replacements().forget)
        queue.register(DELETE_JOB, self.videos().delete_objects)
        stop, hurry = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(worker.run(stop, hurry))
        try:
            yield worker
        finally:
            stop.set()
            hurry.set()
            await running

    def retention(self, keep_days: int = FOR_EVER) -> RetentionService:
        """What keeps and evicts, with a server's default."""
        default = KeepPolicy("eager", keep_days)
        return RetentionService(self.database, self.storage, self.queue, self.videos(), self.encoding, default)

    def videos(self) -> VideoService:
        """What changes and deletes videos."""
        return VideoService(self.database, self.storage, self.queue, self.encoding)

    def imports(self) -> ImportService:
        """What has files fetched."""
        return ImportService(self.queue, self.videos(), self.quotas, enabled=True)

    def replacements(self) -> ReplacementService:
        """What gives videos other files."""
        videos = self.videos()
        uploads = UploadService(
            self.database,
            self.storage,
            self.queue,
            videos,
            self.quotas,
            FileAddresses("http://localhost", Keys([SecretKey("s" * 32)])),
            max_bytes=1 << 30,
            expiry_hours=24,
        )
        return ReplacementService(
            self.database, self.storage, self.queue, videos, uploads, self.quotas, self.encoding
        )

    async def owner(self, video_id: UUID) -> Caller:
        """Whom the video belongs to, signed in."""
        owner_id = await self.value("SELECT owner_id FROM videos WHERE id = %s", video_id)
        return Caller(user_id=owner_id, role="USER", session_id=uuid4())

    async def delete(self, video_id: UUID) -> None:
        """What its owner does to be rid of a video; a worker removes its objects."""
        async with self.database.transaction() as db:
            await self.videos().delete(db, await self.owner(video_id), video_id)

    async def value(self, sql: Any, *params: object) -> Any:
        """The first column of the first row."""
        async with self.database.connection() as db:
            return await fetch_value(db, sql, params)

    async def execute(self, sql: Any, *params: object) -> int:
        """How many rows a statement touched."""
        async with self.database.connection() as db:
            return await execute(db, sql, params)

    async def forget(self, video_id: UUID, *, chunks: int) -> None:
        """Forgets every picture of a complete video, so that so many chunk jobs wait to make them again."""
        async with self.database.transaction() as db:
            await execute(db, _FORGET, (video_id,))
            await self.queue.enqueue_all(db, [chunk_job(video_id, chunk) for chunk in range(chunks)])

    async def status(self, video_id: UUID) -> str:
        """The video's state."""
        return str(await self.value("SELECT status FROM videos WHERE id = %s", video_id))

    async def plan(self, video_id: UUID) -> Plan:
        """The video's plan."""
        return read_plan(await self.value("SELECT plan::text FROM videos WHERE id = %s", video_id))

    async def cells(self, video_id: UUID) -> int:
        """How many cells of all renditions are recorded."""
        return int(await self.value(_CELLS + " WHERE r.video_id = %s", video_id))

    async def progress(self, video_id: UUID) -> Encoding:
        """The encoding as the API shows it."""
        async with self.database.connection() as db:
            encoding = await self.encoding.progress_of(db, video_id)
        assert encoding is not None
        return encoding

    async def until(
        self, what: Callable[[], Awaitable[bool]], patience: float = PATIENCE, *, every: float = 0.03
    ) -> None:
        """Waits until something is so; what is so for a moment only needs to be looked for often."""
        async with asyncio.timeout(patience):
            while not await what():
                await asyncio.sleep(every)

    async def until_status(self, video_id: UUID, status: str) -> None:
        """Waits until the video's state is `status`; fails at once where it is FAILED instead."""

        async def reached() -> bool:
            now = await self.status(video_id)
            assert now in (status, "PROCESSING", "READY"), await self.failure(video_id)
            return now == status

        await self.until(reached)

    async def until_cells(self, video_id: UUID, count: int) -> None:
        """Waits until so many cells are recorded."""

        async def reached() -> bool:
            return await self.cells(video_id) >= count

        await self.until(reached)

    async def until_complete(self, video_id: UUID, patience: float = PATIENCE) -> None:
        """Waits until every cell is stored and no job is left."""

        async def reached() -> bool:
            encoding = await self.progress(video_id)
            assert encoding.state != "failed", await self.failure(video_id)
            return encoding.state == "complete" and await self.jobs_left() == 0

        await self.until(reached, patience, every=_SELDOM)

    async def until_idle(self, video_id: UUID) -> None:
        """Waits until the video can be played and no job is left."""
        await self.until_status(video_id, "READY")

        async def reached() -> bool:
            return await self.jobs_left() == 0

        await self.until(reached, every=_SELDOM)

    async def jobs_left(self) -> int:
        """Encoding jobs that wait or run."""
        return int(await self.value(_JOBS_LEFT))

    async def _is_idle(self) -> bool:
        return not await self.value("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")

    async def failure(self, video_id: UUID) -> tuple[str | None, str | None]:
        """The stable code of a FAILED video, and why the encoding of a READY one ended."""
        return (
            await self.value("SELECT failure_code FROM videos WHERE id = %s", video_id),
            await self.value("SELECT encoding_failure FROM videos WHERE id = %s", video_id),
        )

    async def fingerprints(self, video_id: UUID) -> dict[str, str]:
        """The SHA-256 of every object of a complete video, by key without the video's id."""
        plan = await self.plan(video_id)
        prefix = keys.video_prefix(video_id)
        wanted = [keys.poster_key(video_id)] if plan.video else []
        for rendition in plan.renditions:
            wanted.append(keys.init_key(video_id, plan.recipe, rendition.name))
            wanted += [
                keys.cell_key(video_id, plan.recipe, rendition.name, index)
                for index in range(plan.cells_of(rendition.name))
            ]
        return {key.removeprefix(prefix): await self._fingerprint(key) for key in wanted}

    async def _fingerprint(self, key: str) -> str:
        return sha256(await self.storage.read(key, 0, await self.storage.size(key))).hexdigest()


class WorkerProcess:
    """A worker in a process of its own, to be stopped, killed and frozen."""

    def __init__(self, settings: Settings, log: Path, command: Sequence[str] = ()) -> None:
        """`command`: what runs instead of `matinee worker`."""
        self.log = log
        log.touch()  # it may be killed before it can write
        arguments = (str(log), _environment(settings), command)
        self._process = FORKS.Process(target=work, args=arguments, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal; nothing where the process has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        self._process.kill()
        self._process.join(timeout=10)
        assert self._process.exitcode is not None

    async def encodes(self) -> bool:
        """Whether an FFmpeg of it reads a source. (As it starts it runs one to see that it can.)"""
        try:
            children = psutil.Process(self.pid).children()
            return any("ffmpeg" in child.name() and "-i" in child.cmdline() for child in children)
        except psutil.Error:  # a child that ended while it was looked at
            return False

    async def ended(self) -> int | None:
        """Waits for its end and returns its exit code."""
        await asyncio.to_thread(self._process.join, 30)
        return self._process.exitcode


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, as an operator gives them."""
    return {
        variable_name(name): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in msgspec.structs.asdict(settings).items()
        if value is not None
    }
