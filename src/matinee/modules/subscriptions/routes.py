"""HTTP in and out of subscriptions."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.channels.errors import ChannelNotFound
from matinee.modules.channels.schemas import ChannelRef
from matinee.modules.subscriptions import repository
from matinee.modules.subscriptions.errors import OwnChannel, TooManySubscriptions
from matinee.modules.subscriptions.schemas import Subscription, SubscriptionPage
from matinee.modules.subscriptions.service import SubscriptionService
from matinee.modules.videos.schemas import VideoPage

TAG = "subscriptions"
SUBSCRIPTION = "/api/v1/channels/{channel}/subscription"
MINE = "/api/v1/user/subscriptions"
SUBSCRIBING = RateLimit("subscription", 300, 600, by="user")


class SubscriptionRoutes:
    """Operations on what the signed-in user is subscribed to. Nobody else is told."""

    def __init__(self, subscriptions: SubscriptionService) -> None:
        self._subscriptions = subscriptions

    @operation("GET", SUBSCRIPTION, tag=TAG, scope="account:read", errors=(ChannelNotFound,))
    async def get_subscription(self, call: Call, db: Connection, channel: ChannelRef) -> Subscription:
        """Whether the signed-in user is subscribed to a channel."""
        return await self._subscriptions.get(db, call.user, channel)

    @operation(
        "PUT",
        SUBSCRIPTION,
        tag=TAG,
        access=Access.PERSON,
        errors=(ChannelNotFound, OwnChannel, TooManySubscriptions),
        limit=SUBSCRIBING,
    )
    async def subscribe(self, call: Call, db: Connection, channel: ChannelRef) -> Subscription:
        """Subscribe to a channel; harmless where you are.

        An account has 1,000 subscriptions at most.
        """
        return await self._subscriptions.subscribe(db, call.user, channel)

    @operation("DELETE", SUBSCRIPTION, tag=TAG, access=Access.PERSON, errors=(ChannelNotFound,), limit=SUBSCRIBING)
    async def unsubscribe(self, call: Call, db: Connection, channel: ChannelRef) -> Subscription:
        """End a subscription; harmless where there is none.

        By its id also one to a channel that is not available any more.
        """
        return await self._subscriptions.unsubscribe(db, call.user, channel)

    @operation("PUT", f"{SUBSCRIPTION}/seen", tag=TAG, access=Access.PERSON, errors=(ChannelNotFound,))
    async def see_channel(self, call: Call, db: Connection, channel: ChannelRef) -> None:
        """Tell that you have looked at a channel: none of its videos is new to you."""
        await self._subscriptions.see(db, call.user, channel)

    @operation("GET", MINE, tag=TAG, scope="account:read", errors=(InvalidCursor,))
    async def list_subscriptions(self, call: Call, db: Connection, query: PageQuery) -> SubscriptionPage:
        """The channels that you are subscribed to, and what is new of each.

        Also those that are not available now: they count among the 1,000 that there may be.
        """
        return await self._subscriptions.page(db, call.user, query)

    @operation("PUT", f"{MINE}/seen", tag=TAG, access=Access.PERSON, writes_once=True)
    async def see_subscriptions(self, call: Call, db: Connection) -> None:
        """Tell that you have looked at all your channels: nothing of theirs is new to you."""
        await repository.mark_all_seen(db, call.user.user_id)

    @operation("GET", f"{MINE}/feed", tag=TAG, scope="account:read", errors=(InvalidCursor,))
    async def list_feed(self, call: Call, db: Connection, query: PageQuery) -> VideoPage:
        """The videos of the channels that you are subscribed to.

        Those that are public and can be played, the latest published first.
        """
        return await self._subscriptions.feed(db, call.user, query)
