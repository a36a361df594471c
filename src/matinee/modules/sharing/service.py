"""Decisions about sharing: whom else a video is for."""

from uuid import UUID

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.notifications import announce
from matinee.modules import audit
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.passwords import Passwords
from matinee.modules.auth.rules import spellings
from matinee.modules.sharing import repository
from matinee.modules.sharing.errors import NoSuchViewer, TooManyViewers
from matinee.modules.sharing.schemas import SharedWith, Viewers
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService


class SharingService:
    """Who may watch beside the owner. All of it is announced: whoever is watching is asked again."""

    def __init__(
        self, database: Database, videos: VideoService, passwords: Passwords, *, wants_verified: bool
    ) -> None:
        """`wants_verified`: whether it takes a verified address to be found by it."""
        self._database = database
        self._videos = videos
        self._passwords = passwords
        self._wants_verified = wants_verified

    async def viewers(self, db: Connection, caller: Caller, video_id: UUID) -> Viewers:
        """Whom a video is shared with, for who may change it."""
        await self._videos.owned(db, caller, video_id)
        return Viewers(items=await repository.list_viewers(db, video_id))

    async def share(self, db: Connection, caller: Caller, video_id: UUID, email: str) -> SharedWith:
        """Shares a video with an account, once. Raises NoSuchViewer and TooManyViewers."""
        video = await self._videos.owned(db, caller, video_id)
        account = await accounts.find_account(db, *spellings(email))
        if account is None or (self._wants_verified and not account.email_verified):
            raise NoSuchViewer
        if not await repository.add_viewer(db, video_id, account.id):
            await self._videos.owned(db, caller, video_id)  # unless it was deleted meanwhile
            raise TooManyViewers
        await audit.record(db, "video.shared", video_id, account=video.owner_id, viewer=account.id)
        await announce(db, str(video_id))
        return SharedWith(account.id, account.name)

    async def unshare(self, db: Connection, caller: Caller, video_id: UUID, user_id: UUID) -> None:
        """Shares it with an account no longer. Raises NoSuchViewer."""
        video = await self._videos.owned(db, caller, video_id)
        if not await repository.remove_viewer(db, video_id, user_id):
            raise NoSuchViewer
        await audit.record(db, "video.unshared", video_id, account=video.owner_id, viewer=user_id)
        await announce(db, str(video_id))

    async def lock(self, begin: Begin, caller: Caller, video_id: UUID, password: str) -> None:
        """Makes a video one for whoever knows the password. `begin` opens the transaction that records it."""
        async with self._database.connection() as db:
            await self._videos.owned(db, caller, video_id)
        hashed = await self._passwords.hash(password)
        db = await begin()
        video = await self._videos.owned(db, caller, video_id)
        if not await repository.lock(db, video_id, hashed):
            raise VideoNotFound
        await audit.record(db, "video.password_set", video_id, account=video.owner_id)
        await announce(db, str(video_id))
