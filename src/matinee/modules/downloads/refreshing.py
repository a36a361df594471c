"""What becomes of offered files when the sounds of their video change."""

from collections.abc import Sequence
from uuid import UUID

from matinee.common.database import Connection
from matinee.common.jobs import JobQueue
from matinee.modules.downloads import repository
from matinee.modules.downloads.jobs import prepare_job


async def refresh_downloads(
    db: Connection, queue: JobQueue, video_id: UUID, *, gone: Sequence[str] = (), mixed: bool = True
) -> None:
    """Offers no longer what is `gone`; with `mixed`, files of a picture are laid out anew, with the first sound."""
    for name in gone:
        await repository.withdraw(db, video_id, name)
    if mixed:
        names = await repository.unprepare_pictures(db, video_id)
        await queue.enqueue_all(db, [prepare_job(video_id, name) for name in names])
