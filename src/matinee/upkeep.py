"""What is cleaned up by the clock, once for all workers together, and the deleting of videos."""

from functools import partial

from matinee.bootstrap import Services
from matinee.common.database import Database
from matinee.common.http.idempotency import delete_expired_answers
from matinee.common.http.rate_limits import delete_past_windows
from matinee.modules.auth import repository as auth
from matinee.modules.encoding.repository import forget_interests
from matinee.modules.tracks.jobs import REMOVE
from matinee.modules.videos.service import DELETE_JOB

_EVERY_FIVE_MINUTES = "*/5 * * * *"
_HOURLY = "17 * * * *"


def register_upkeep(services: Services) -> None:
    """Tells the queue of every job that is not encoding."""
    settings, queue, videos = services.settings, services.queue, services.videos
    abandon = partial(
        videos.abandon, upload_hours=settings.upload_expiry_hours, failed_days=settings.failed_video_days
    )
    queue.register(DELETE_JOB, videos.delete_objects)
    queue.register(REMOVE, services.tracks.remove_file)
    queue.register_periodic("videos.abandon", abandon, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("videos.resume_deletes", videos.resume_deletes, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("upkeep.expire", partial(expire, services.database), cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("upkeep.forget_jobs", queue.forget_ended, cron=_HOURLY)


async def expire(database: Database) -> None:
    """Deletes what has outlived its use: refresh tokens, sessions, idempotency keys, rate-limit windows."""
    for delete in (auth.delete_expired, delete_expired_answers, delete_past_windows, forget_interests):
        async with database.transaction() as db:
            await delete(db)
