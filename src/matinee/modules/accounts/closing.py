"""Decisions about the end of accounts: closing one, restoring it, erasing everything."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.modules import audit
from matinee.modules.accounts import repository
from matinee.modules.accounts.export import Exports
from matinee.modules.accounts.jobs import erasing
from matinee.modules.accounts.schemas import Foreseen
from matinee.modules.administration.schemas import Deletion
from matinee.modules.administration.service import ensure_administered
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof
from matinee.modules.auth.sessions import Sessions
from matinee.modules.comments.service import CommentService
from matinee.modules.history.service import HistoryService
from matinee.modules.playlists.service import PlaylistService
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.reactions.service import ReactionService
from matinee.modules.second_factor.guard import Guard
from matinee.modules.subscriptions.service import SubscriptionService
from matinee.modules.teams.service import ensure_owned_without
from matinee.modules.videos.service import VideoService

_BATCH = 100  # videos a transaction
_LISTS = 10  # playlists a transaction, of five thousand items each
_ROWS = 10_000  # of anything else a transaction: a second


class Closing:
    """The end of accounts. `grace_days`: so long one that is closed can be restored."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        guard: Guard,
        sessions: Sessions,
        videos: VideoService,
        playlists: PlaylistService,
        subscriptions: SubscriptionService,
        reactions: ReactionService,
        comments: CommentService,
        history: HistoryService,
        exports: Exports,
        notices: Notices,
        *,
        grace_days: int,
    ) -> None:
        self._database = database
        self._queue = queue
        self._guard = guard
        self._sessions = sessions
        self._videos = videos
        self._playlists = playlists
        self._subscriptions = subscriptions
        self._reactions = reactions
        self._comments = comments
        self._history = history
        self._exports = exports
        self._notices = notices
        self._grace_days = grace_days

    def foresee(self) -> Foreseen:
        """Until when an account could be restored that is closed now."""
        return Foreseen(datetime.now(UTC) + timedelta(days=self._grace_days))

    async def close(self, db: Connection, user_id: UUID) -> Deletion:
        """Shuts an account out at once, and has it erased when its time of grace is over.

        Raises UserNotFound, LastAdministrator and LastOwner.
        """
        await ensure_administered(db, without=user_id)
        await ensure_owned_without(db, user_id)
        if await repository.close(db, user_id, self._grace_days):
            await audit.record(db, "account.closed", user_id, account=user_id)
            await self._sessions.end_all(db, user_id, "closed")
            until = f"{(await _found(db, user_id)).erase_at:%Y-%m-%d}"
            await self._notices.tell(db, user_id, letters.CLOSED, until=until)
        return await _found(db, user_id)

    async def close_by(self, begin: Begin, caller: Caller, user_id: UUID, proof: Proof) -> Deletion:
        """The same, for its owner or an administrator, who shows once more who he is. Raises what the guard does."""
        await self._guard.ensure(caller, proof)
        return await self.close(await begin(), user_id)

    async def restore(self, db: Connection, user_id: UUID) -> None:
        """Keeps an account after all; one that is erased already, or was not to be, stays as it is."""
        await self._sessions.restore(db, user_id)

    async def begin_erasing(self) -> None:
        """Periodic: has the accounts erased whose time is over, and goes on with those that are not gone yet."""
        async with self._database.transaction() as db:
            await self._queue.enqueue_all(db, [erasing(user_id) for user_id in await repository.list_due(db)])

    async def erase(self, run: JobRun, user_id: str) -> None:
        """Job: deletes everything of an account, itself last, when nothing is stored of its videos any more.

        Repeatable: each transaction is as much as the last one left.
        """
        account = UUID(user_id)
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await repository.hold_due(db, account):
                return
        await self._exports.remove(account)
        while True:
            async with self._database.transaction() as db:
                await ensure_owned(db, run)
                if not await repository.hold_due(db, account):
                    return
                if await self._erase_some(db, account):
                    continue
                if await repository.remove(db, account):
                    await audit.record(db, "account.erased", account)
                return

    async def _erase_some(self, db: Connection, account: UUID) -> int:
        """As much as a transaction may take of what there may be without end; 0 where nothing of it is left."""
        return (
            await self._videos.delete_some_of(db, account, _BATCH)
            or await self._playlists.delete_some_of(db, account, _LISTS)
            or await self._subscriptions.remove_some_of_channel(db, account, _ROWS)
            or await self._reactions.remove_some_of(db, account, _ROWS)
            or await self._comments.forget_some_of(db, account, _ROWS)
            or await self._history.forget_some_of(db, account, _ROWS)
            or await repository.unshare_some(db, account, _BATCH)
        )


async def _found(db: Connection, user_id: UUID) -> Deletion:
    deletion = await repository.find_deletion(db, user_id)
    if deletion is None:
        raise UserNotFound
    return deletion
