"""Wire types of subscriptions."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from matinee.modules.channels.schemas import Avatar, ChannelId, HandleField, NameField
from matinee.modules.subscriptions.rules import MOST_NEW


class Subscription(msgspec.Struct, kw_only=True):
    """What the caller is to a channel."""

    subscribed: Annotated[bool, Meta(description="Whether the caller is subscribed to it.")]
    subscribers: Annotated[int, Meta(description="Accounts that are.")]


class SubscribedChannel(msgspec.Struct, kw_only=True):
    """A channel that the caller is subscribed to."""

    id: ChannelId
    available: Annotated[
        bool,
        Meta(
            description="false: its account is suspended, or about to be deleted. Nothing is told of it but its id, "
            "by which the subscription can be ended."
        ),
    ]
    handle: HandleField
    name: NameField
    avatar: Avatar
    new: Annotated[
        int,
        Meta(
            description=f"Videos published since the caller looked last; {MOST_NEW}: so many, or more.", examples=[2]
        ),
    ]
    subscribed_at: Annotated[datetime, Meta(description="When the caller subscribed.")]


class SubscriptionPage(msgspec.Struct, kw_only=True):
    """A page of subscriptions, the latest first."""

    items: Annotated[list[SubscribedChannel], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
