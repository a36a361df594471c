"""What is cleaned up by the clock, once for all workers together, and the deleting of videos."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from matinee.bootstrap import Services
from matinee.common.database import Connection, Database
from matinee.common.http.idempotency import delete_expired_answers
from matinee.common.http.rate_limits import delete_past_windows
from matinee.modules.accounts.jobs import ERASE, EXPORT
from matinee.modules.api_keys.repository import delete_ended_keys
from matinee.modules.audit.repository import delete_old_events
from matinee.modules.auth import repository as auth
from matinee.modules.auth.guess_repository import delete_past_guesses
from matinee.modules.auth.invitation_repository import delete_expired_invitations
from matinee.modules.auth.token_repository import delete_expired_account_tokens
from matinee.modules.channels.repository import delete_former_handles
from matinee.modules.counts.channels import fold_channels
from matinee.modules.counts.repository import fold
from matinee.modules.encoding.interest_repository import forget_interests
from matinee.modules.history.repository import remove_cleared
from matinee.modules.integrity import hashing as integrity
from matinee.modules.passkeys.repository import delete_expired_challenges
from matinee.modules.playlists import repository as playlists
from matinee.modules.replacements.jobs import FORGET
from matinee.modules.retention.jobs import EVICT
from matinee.modules.search.index_repository import forget_words
from matinee.modules.second_factor.repository import delete_old_challenges
from matinee.modules.sounds.jobs import REMOVE as REMOVE_SOUND
from matinee.modules.teams.invitation_repository import delete_expired_team_invitations
from matinee.modules.teams.repository import delete_old_team_changes
from matinee.modules.tracks.jobs import REMOVE
from matinee.modules.uploads.jobs import JOIN
from matinee.modules.videos.service import DELETE_JOB

log = structlog.get_logger()

BATCH = 1000  # rows a statement; more: what they are joined with waits longer for the locks
_EVERY_MINUTE = "* * * * *"
_EVERY_FIVE_MINUTES = "*/5 * * * *"
_HOURLY = "17 * * * *"


def register_upkeep(services: Services) -> None:
    """Tells the queue of every job that is not encoding."""
    settings, queue, videos = services.settings, services.queue, services.videos
    abandon = partial(
        videos.abandon, upload_hours=settings.upload_expiry_hours, failed_days=settings.failed_video_days
    )
    queue.register(DELETE_JOB, videos.delete_objects)
    services.post.register(queue)
    services.recovery.register(queue)
    queue.register(JOIN, services.joining.join)
    queue.register(REMOVE, services.tracks.remove_file)
    queue.register(REMOVE_SOUND, services.sounds.remove_files)
    queue.register(FORGET, services.replacements.forget)
    queue.register(ERASE, services.closing.erase)
    queue.register(EXPORT, services.exports.make, on_dead=services.exports.give_up)
    queue.register(EVICT, services.retention.evict)
    queue.register_periodic("videos.abandon", abandon, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("uploads.resume", services.joining.resume, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic(
        "imports.resume", partial(services.imports.resume, services.database), cron=_EVERY_FIVE_MINUTES
    )
    queue.register_periodic("videos.resume_deletes", videos.resume_deletes, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("accounts.begin_erasing", services.closing.begin_erasing, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("accounts.forget_exports", services.exports.forget_old, cron=_HOURLY)
    abandon_sounds = partial(
        services.sounds.abandon, upload_hours=settings.upload_expiry_hours, failed_days=settings.failed_video_days
    )
    queue.register_periodic("sounds.abandon", abandon_sounds, cron=_EVERY_FIVE_MINUTES)
    sweep = partial(
        expire, services.database, refresh_days=settings.refresh_token_days, audit_days=settings.audit_days
    )
    queue.register_periodic("upkeep.expire", sweep, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("retention.begin", services.retention.begin_evictions, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("retention.resume", services.retention.resume_evictions, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("replacements.forget", services.replacements.forget_ended, cron=_EVERY_FIVE_MINUTES)
    queue.register_periodic("upkeep.forget_jobs", queue.forget_ended, cron=_HOURLY)
    hash_unhashed = partial(integrity.hash_unhashed, services.database, queue)
    queue.register_periodic("integrity.hash_unhashed", hash_unhashed, cron=_HOURLY)
    queue.register_periodic("counts.fold", partial(_do_all, services.database, fold), cron=_EVERY_MINUTE)
    fold_counts = partial(_do_all, services.database, fold_channels)
    queue.register_periodic("counts.fold_channels", fold_counts, cron=_EVERY_MINUTE)
    queue.register_periodic("views.keep_partitions", services.views.keep_partitions, cron=_HOURLY)
    forget_gone = partial(_do_all, services.database, services.comments.delete_orphans)
    queue.register_periodic("comments.delete_orphans", forget_gone, cron=_EVERY_FIVE_MINUTES)
    take_out = partial(_do_all, services.database, playlists.remove_deleted)
    queue.register_periodic("playlists.remove_deleted", take_out, cron=_EVERY_MINUTE)
    remove_history = partial(_do_all, services.database, remove_cleared)
    queue.register_periodic("history.remove_cleared", remove_history, cron=_EVERY_MINUTE)


async def expire(database: Database, *, refresh_days: int, audit_days: int = 365) -> None:
    """Deletes what has outlived its use, a batch a transaction. A step that fails is logged and stops no other."""
    steps: dict[str, Callable[[Connection, int], Awaitable[int]]] = {
        "refresh_tokens": auth.delete_expired_tokens,
        "sessions": partial(auth.delete_ended_sessions, refresh_days=refresh_days),
        "sign_in_challenges": delete_old_challenges,
        "account_tokens": delete_expired_account_tokens,
        "invitations": delete_expired_invitations,
        "guesses": delete_past_guesses,
        "passkey_challenges": delete_expired_challenges,
        "api_keys": delete_ended_keys,
        "team_invitations": delete_expired_team_invitations,
        "team_changes": delete_old_team_changes,
        "former_handles": delete_former_handles,
        "idempotency_keys": delete_expired_answers,
        "rate_limits": delete_past_windows,
        "interests": _forget_interests,
        "search_words": forget_words,
        "audit_events": partial(delete_old_events, days=audit_days),
    }
    for name, delete in steps.items():
        try:
            await _do_all(database, delete)
        except Exception:  # whatever it is, the other steps do not stand on this one
            log.exception("upkeep_step_failed", step=name)


async def _do_all(database: Database, do: Callable[[Connection, int], Awaitable[int]]) -> None:
    done = BATCH
    while done == BATCH:
        async with database.transaction() as db:
            done = await do(db, BATCH)


async def _forget_interests(db: Connection, most: int) -> int:
    del most  # they end within a minute of watching: there are never many
    await forget_interests(db)
    return 0
