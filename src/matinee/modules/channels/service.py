"""Decisions about channels: who may change one, whose a handle is, what everybody is shown."""

import secrets
from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import Cursor, decode_cursor, page_of
from matinee.common.http.viewer import ANYBODY
from matinee.media.encode import EncoderOptions
from matinee.media.pictures import BadImage as BadPicture
from matinee.media.pictures import make_cover
from matinee.modules import audit
from matinee.modules.channels import repository
from matinee.modules.channels.errors import (
    ChannelNotFound,
    HandleReserved,
    HandleTaken,
    NoChannelPicture,
    NotYourChannel,
    TooManyHandles,
)
from matinee.modules.channels.repository import PictureRow, PublishedRow, WatchedPlace
from matinee.modules.channels.rules import MOST_KEPT, RESERVED, SIZES, Picture, suggestions
from matinee.modules.channels.schemas import Channel, ChannelChange, ChannelVideosQuery, HandleSuggestion
from matinee.modules.channels.views import shown
from matinee.modules.pictures.errors import BadImage
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.videos.access import may_change
from matinee.modules.videos.schemas import VideoPage
from matinee.modules.videos.service import VideoService


class ChannelService:
    """Channels as everybody sees them, and as accounts change theirs."""

    def __init__(self, database: Database, videos: VideoService, workshop: Workshop, options: EncoderOptions) -> None:
        self._database = database
        self._videos = videos
        self._workshop = workshop
        self._options = options

    async def find(self, db: Connection, channel: str) -> UUID:
        """The account behind a reference. Raises ChannelNotFound, also where it is shut out."""
        if channel.startswith("@"):
            found = await repository.find_id_of_handle(db, channel[1:].lower())
        else:
            found = await repository.find_id(db, UUID(channel))
        if found is None:
            raise ChannelNotFound
        return found

    async def get(self, db: Connection, channel: str) -> Channel:
        """A channel. Raises ChannelNotFound."""
        return await self._shown(db, await self.find(db, channel))

    async def change(self, db: Connection, caller: Caller, channel: str, change: ChannelChange) -> Channel:
        """Changes what an account shows.

        Raises ChannelNotFound, NotYourChannel, HandleReserved, HandleTaken and TooManyHandles.
        """
        account_id = await self._own(db, caller, channel)
        if change.handle is not UNSET:
            await self._call(db, account_id, change.handle and change.handle.lower())
        if change.description is not UNSET or change.links is not UNSET:
            await repository.change_channel(db, account_id, change)
        return await self._shown(db, account_id)

    async def suggest(self, db: Connection, caller: Caller, channel: str) -> HandleSuggestion:
        """A handle after the account's name. Raises ChannelNotFound, NotYourChannel and HandleTaken."""
        own = await self._shown(db, await self._own(db, caller, channel))
        handle = await repository.find_free(db, suggestions(own.name, UUID(own.id)))
        if handle is None:
            raise HandleTaken
        return HandleSuggestion(handle=handle)

    async def videos(self, db: Connection, channel: str, query: ChannelVideosQuery) -> VideoPage:
        """What a channel has published, the newest or the most watched first. Raises ChannelNotFound."""
        account_id = await self.find(db, channel)
        if query.sort == "views":
            return await self._most_watched(db, account_id, query)
        after = decode_cursor(query.cursor)
        rows = await repository.list_published(db, account_id, query.limit, after)
        return await self.page(db, rows, query.limit)

    async def page(self, db: Connection, rows: list[PublishedRow], limit: int) -> VideoPage:
        """Published videos, in the order of `rows`, which are one more than the page where another follows."""
        page, cursor = page_of(rows, limit, lambda row: Cursor(row.published_at, row.id))
        videos = await self._videos.summaries(db, ANYBODY, [row.id for row in page])
        return VideoPage(items=[videos[row.id] for row in page if row.id in videos], next_cursor=cursor)

    async def _most_watched(self, db: Connection, account_id: UUID, query: ChannelVideosQuery) -> VideoPage:
        after = decode_cursor(query.cursor, WatchedPlace)
        rows = await repository.list_most_watched(db, account_id, query.limit, after)
        page, cursor = page_of(rows, query.limit, lambda row: WatchedPlace(row.created_at, row.id, row.popularity))
        videos = await self._videos.summaries(db, ANYBODY, [row.id for row in page])
        shown = [videos[row.id] for row in page if row.id in videos]
        return VideoPage(
            items=sorted(shown, key=lambda video: -video.views),  # within a page they stand exactly
            next_cursor=cursor,
        )

    async def picture(self, db: Connection, channel: str, kind: Picture) -> PictureRow:
        """A picture. Raises ChannelNotFound and NoChannelPicture."""
        found = await repository.find_picture(db, await self.find(db, channel), kind)
        if found is None:
            raise NoChannelPicture
        return found

    async def give_picture(self, begin: Begin, caller: Caller, channel: str, kind: Picture, image: bytes) -> Channel:
        """Shows an uploaded image. Raises ChannelNotFound, NotYourChannel and BadImage."""
        async with self._database.connection() as db:
            account_id = await self._own(db, caller, channel)
        async with self._workshop.place():
            try:
                jpeg = await make_cover(image, *SIZES[kind], options=self._options)
            except BadPicture as error:
                raise BadImage(str(error)) from error
        db = await begin()
        if not await repository.set_picture(db, account_id, kind, secrets.token_hex(8), jpeg):
            raise ChannelNotFound
        return await self._shown(db, account_id)

    async def remove_picture(self, db: Connection, caller: Caller, channel: str, kind: Picture) -> None:
        """Shows none. Raises ChannelNotFound, NotYourChannel and NoChannelPicture."""
        if not await repository.drop_picture(db, await self._own(db, caller, channel), kind):
            raise NoChannelPicture

    async def _own(self, db: Connection, caller: Caller, channel: str) -> UUID:
        account_id = await self.find(db, channel)
        if not may_change(caller, account_id):
            raise NotYourChannel
        return account_id

    async def _shown(self, db: Connection, account_id: UUID) -> Channel:
        row = await repository.find_channel(db, account_id)
        if row is None:  # shut out since it was found
            raise ChannelNotFound
        return shown(row)

    async def _call(self, db: Connection, account_id: UUID, handle: str | None) -> None:
        former = await repository.hold_account(db, account_id)
        if handle == former:
            return
        if handle in RESERVED:
            raise HandleReserved
        if handle is not None and not await repository.take_handle(db, account_id, handle):
            raise HandleTaken
        if await repository.call(db, account_id, handle) > MOST_KEPT:
            raise TooManyHandles
        await audit.record(
            db, "channel.handle_changed", account_id, account=account_id, former=former or "", handle=handle or ""
        )
