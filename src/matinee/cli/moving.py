"""`matinee storage move`: everything from the former storage to the current one, while both are in use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import click
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from matinee.bootstrap import open_storage
from matinee.common.config import Settings
from matinee.common.database import Connection, Database, fetch_value
from matinee.common.errors import DomainError
from matinee.common.storage.move import CopyDiffers, Move
from matinee.common.storage.moving import MovingStorage
from matinee.common.storage.port import NoSuchUploadError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage
from matinee.media.keys import PREFIX
from matinee.modules.inspection.repository import BegunUpload, list_uploads
from matinee.modules.uploads.rules import choose_part_size

console = Console(stderr=True)

_ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtext('matinee.storage.move'))"
SIGN_SECONDS = 15.0  # between two signs of life to the database; longer: what stands between takes us for gone
_COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    DownloadColumn(),
    TransferSpeedColumn(),
    TimeElapsedColumn(),
)


async def move(settings: Settings) -> None:
    """Copies until a look at everything finds nothing to copy. Raises ClickException where something is left."""
    try:
        async with open_storage(settings) as storage, _alone(settings) as place:
            if not isinstance(storage, MovingStorage):
                raise click.ClickException(
                    "Set MATINEE_FORMER_S3_BUCKET and the like: where does everything lie now?"
                )
            moving = Move(storage.former, storage.current, PREFIX, part_size=choose_part_size)
            await moving.begin()
            # before the last pass: what ends behind it would not be copied
            left = await _copy_all(moving, lambda: _count_uploads(place, storage.former))
            await place.list_uploads()  # else another move may have begun, to somewhere else
    except (DomainError, CopyDiffers) as error:
        raise click.ClickException(f"{error} What is copied stays; run this again to go on.") from None
    if left:
        raise click.ClickException(
            f"Everything is copied, but {left} upload(s) are still under way to the former storage. "
            "Run this again when they have ended."
        )
    click.echo("Everything is in the current storage: leave out the settings MATINEE_FORMER_S3_… and restart.")


async def _copy_all(moving: Move, count_uploads: Callable[[], Awaitable[int]]) -> int:
    """Passes until there is nothing to copy; returns the uploads that were under way when the last one began."""
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        for number in count(1):
            task, uploads = progress.add_task(f"Pass {number}", total=None), await count_uploads()
            found = await moving.run_pass(lambda size, task=task: progress.advance(task, size))  # type: ignore[misc]
            progress.update(task, total=progress.tasks[task].completed)
            click.echo(f"Pass {number}: {found.objects} objects, {found.copied} copied, {found.failed} failed.")
            if found.is_last:
                return uploads
            if not found.copied:
                break
    raise StorageUnavailable("The storage refuses too much.")


async def _count_uploads(place: "_Place", former: S3Storage) -> int:
    """Of the uploads that have begun, those that the former storage knows."""
    left = 0
    for upload in await place.list_uploads():
        try:
            await former.list_parts(upload.key, upload.upload_id)
        except NoSuchUploadError:
            continue
        left += 1
    return left


class _Place:
    """A connection that holds what one move at a time has; it is lost with the connection."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._turn = asyncio.Lock()

    async def list_uploads(self) -> list[BegunUpload]:
        """All that have begun and not ended."""
        async with self._turn:
            return await list_uploads(self._db)

    async def stay(self) -> None:
        """Gives signs of life until the connection is lost, which the next question tells."""
        while True:
            await asyncio.sleep(SIGN_SECONDS)
            async with self._turn:
                await fetch_value(self._db, "SELECT 1")


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[_Place]:
    """The place of the one move; raises DatabaseUnavailable where it is lost."""
    database = Database(settings.database_url, size=1, name="matinee-move")
    try:
        await database.open()
        async with database.connection() as db:
            if not await fetch_value(db, _ONE_AT_A_TIME):
                raise click.ClickException("Another `matinee storage move` is running.")
            place = _Place(db)
            staying = asyncio.create_task(place.stay())
            try:
                yield place
            finally:
                staying.cancel()
                await asyncio.gather(staying, return_exceptions=True)
    finally:
        await database.close()
