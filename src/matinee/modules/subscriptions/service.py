"""Decisions about subscriptions: they are told to the subscriber alone."""

from uuid import UUID

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, page_of
from matinee.modules.channels.rules import picture_path
from matinee.modules.channels.service import ChannelService
from matinee.modules.counts.channels import count_subscribers
from matinee.modules.subscriptions import repository
from matinee.modules.subscriptions.errors import OwnChannel, TooManySubscriptions
from matinee.modules.subscriptions.repository import SubscribedRow
from matinee.modules.subscriptions.rules import MOST_SUBSCRIPTIONS
from matinee.modules.subscriptions.schemas import SubscribedChannel, Subscription, SubscriptionPage
from matinee.modules.videos.schemas import VideoPage


class SubscriptionService:
    """What accounts are subscribed to."""

    def __init__(self, channels: ChannelService) -> None:
        self._channels = channels

    async def get(self, db: Connection, caller: Caller, channel: str) -> Subscription:
        """Whether the caller is subscribed. Raises ChannelNotFound."""
        return await self._told(db, caller, await self._channels.find(db, channel))

    async def subscribe(self, db: Connection, caller: Caller, channel: str) -> Subscription:
        """Subscribes the caller; twice is harmless. Raises ChannelNotFound, OwnChannel and TooManySubscriptions."""
        channel_id = await self._channels.find(db, channel)
        if channel_id == caller.user_id:
            raise OwnChannel
        await _hold(db, caller)
        if not await repository.is_subscribed(db, caller.user_id, channel_id):
            if await repository.count_subscriptions(db, caller.user_id) >= MOST_SUBSCRIPTIONS:
                raise TooManySubscriptions
            await repository.add_subscription(db, caller.user_id, channel_id)
        return await self._told(db, caller, channel_id)

    async def unsubscribe(self, db: Connection, caller: Caller, channel: str) -> Subscription:
        """The caller is subscribed no more; harmless where he was not. Raises ChannelNotFound.

        By its id also to one that is shut out: only who was subscribed hears of that.
        """
        channel_id = await self._channels.find(db, channel) if channel.startswith("@") else UUID(channel)
        await _hold(db, caller)
        if not await repository.remove_subscription(db, caller.user_id, channel_id):
            channel_id = await self._channels.find(db, channel)
        return await self._told(db, caller, channel_id)

    async def see(self, db: Connection, caller: Caller, channel: str) -> None:
        """The caller has looked at the channel; harmless where he is not subscribed. Raises ChannelNotFound."""
        await repository.mark_seen(db, caller.user_id, await self._channels.find(db, channel))

    async def page(self, db: Connection, caller: Caller, query: PageQuery) -> SubscriptionPage:
        """What the caller is subscribed to, the latest first."""
        rows = await repository.list_subscribed(db, caller.user_id, query.limit, decode_cursor(query.cursor))
        page, cursor = page_of(rows, query.limit, creation)
        return SubscriptionPage(items=[_shown(row) for row in page], next_cursor=cursor)

    async def feed(self, db: Connection, caller: Caller, query: PageQuery) -> VideoPage:
        """What those channels have published, the latest first."""
        rows = await repository.list_feed(db, caller.user_id, query.limit, decode_cursor(query.cursor))
        return await self._channels.page(db, rows, query.limit)

    async def remove_some_of_channel(self, db: Connection, channel_id: UUID, most: int) -> int:
        """Ends so many subscriptions to a channel that is to go; returns how many."""
        return await repository.remove_some_of_channel(db, channel_id, most)

    async def _told(self, db: Connection, caller: Caller, channel_id: UUID) -> Subscription:
        return Subscription(
            subscribed=await repository.is_subscribed(db, caller.user_id, channel_id),
            subscribers=await count_subscribers(db, channel_id),
        )


def _shown(row: SubscribedRow) -> SubscribedChannel:
    if row.is_shut_out:
        return SubscribedChannel(
            id=str(row.id),
            available=False,
            handle=None,
            name="",
            avatar=None,
            new=0,
            subscribed_at=row.created_at,
        )
    return SubscribedChannel(
        id=str(row.id),
        available=True,
        handle=row.handle,
        name=row.name,
        avatar=picture_path(row.id, "avatar", row.avatar),
        new=row.new,
        subscribed_at=row.created_at,
    )


async def _hold(db: Connection, caller: Caller) -> None:
    if not await repository.hold_subscriber(db, caller.user_id):
        raise Unauthenticated("This account no longer exists.")
