"""Every query about subscriptions. Who subscribes and who does not any more is counted by a trigger."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.channels.repository import PublishedRow
from matinee.modules.subscriptions.rules import MOST_NEW
from matinee.modules.videos.access import PUBLISHED


class SubscribedRow(msgspec.Struct, frozen=True):
    """A channel that an account is subscribed to."""

    id: UUID
    is_shut_out: bool
    handle: str | None
    name: str
    avatar: str | None
    """Its version."""
    new: int
    created_at: datetime


# Whoever subscribes, or does not any more, holds his own account: of many at once each counts the others, and whether
# he is shut out meanwhile is seen before or after. He holds nobody else's.
_HOLD = "SELECT id FROM users WHERE id = %s AND shut_at IS NULL FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM subscriptions WHERE subscriber_id = %s"
_ADD = """
INSERT INTO subscriptions (subscriber_id, channel_id)
SELECT %(subscriber)s, id FROM users WHERE id = %(channel)s AND shut_at IS NULL FOR KEY SHARE
ON CONFLICT DO NOTHING
"""
_REMOVE = "DELETE FROM subscriptions WHERE subscriber_id = %s AND channel_id = %s"
_FIND = "SELECT 1 FROM subscriptions WHERE subscriber_id = %s AND channel_id = %s"
_MARK_SEEN = "UPDATE subscriptions SET seen_at = now() WHERE subscriber_id = %s AND channel_id = %s"
_MARK_ALL_SEEN = "UPDATE subscriptions SET seen_at = now() WHERE subscriber_id = %s"
_REMOVE_SOME_OF_CHANNEL = """
DELETE FROM subscriptions WHERE channel_id = %(channel)s AND subscriber_id IN (
    SELECT subscriber_id FROM subscriptions WHERE channel_id = %(channel)s LIMIT %(most)s)
"""
_LIST = f"""
SELECT u.id, u.shut_at IS NOT NULL AS is_shut_out, u.handle, u.name, a.version AS avatar,
    (SELECT count(*)::int FROM (
        SELECT FROM videos v WHERE v.owner_id = s.channel_id AND {PUBLISHED} AND v.published_at > s.seen_at
        LIMIT {MOST_NEW}) later) AS new,
    s.created_at
FROM subscriptions s JOIN users u ON u.id = s.channel_id
LEFT JOIN channel_pictures a ON a.account_id = u.id AND a.kind = 'avatar'
WHERE s.subscriber_id = %(user)s
"""  # noqa: S608
_BEFORE = "AND (s.created_at, s.channel_id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY s.created_at DESC, s.channel_id DESC LIMIT %(limit)s"
# Of what a page holds nothing can be of a channel whose newest is not among as many newest ones of channels. So one
# row of each channel is looked at, and of those few channels a page.
_FEED = """
WITH heads AS MATERIALIZED (
    SELECT s.channel_id, h.published_at, h.id
    FROM subscriptions s CROSS JOIN LATERAL (
        SELECT v.published_at, v.id FROM videos v
        WHERE v.owner_id = s.channel_id AND {published} {before}
        ORDER BY v.published_at DESC, v.id DESC LIMIT 1) h
    WHERE s.subscriber_id = %(user)s
), few AS MATERIALIZED (
    SELECT h.channel_id FROM (SELECT channel_id, published_at, id FROM heads ORDER BY published_at DESC, id DESC) h
    JOIN users u ON u.id = h.channel_id AND u.shut_at IS NULL
    ORDER BY h.published_at DESC, h.id DESC LIMIT %(limit)s
)
SELECT p.id, p.published_at
FROM few CROSS JOIN LATERAL (
    SELECT v.id, v.published_at FROM videos v
    WHERE v.owner_id = few.channel_id AND {published} {before}
    ORDER BY v.published_at DESC, v.id DESC LIMIT %(limit)s) p
ORDER BY p.published_at DESC, p.id DESC LIMIT %(limit)s
"""
FEED = _FEED.format(published=PUBLISHED, before="")
FEED_AFTER = _FEED.format(published=PUBLISHED, before="AND (v.published_at, v.id) < (%(created_at)s, %(id)s)")


async def hold_subscriber(db: Connection, user_id: UUID) -> bool:
    """Nothing changes of what the account is subscribed to until the transaction ends; False where it is shut out."""
    return await fetch_value(db, _HOLD, (user_id,)) is not None


async def count_subscriptions(db: Connection, user_id: UUID) -> int:
    """To how many channels the account is subscribed."""
    return int(await fetch_value(db, _COUNT, (user_id,)))


async def is_subscribed(db: Connection, user_id: UUID, channel_id: UUID) -> bool:
    """Whether the account is subscribed to the channel."""
    return await fetch_value(db, _FIND, (user_id, channel_id)) is not None


async def add_subscription(db: Connection, user_id: UUID, channel_id: UUID) -> None:
    """Subscribes the account, which is held; harmless where it is, or where the channel is gone."""
    await execute(db, _ADD, {"subscriber": user_id, "channel": channel_id})


async def remove_subscription(db: Connection, user_id: UUID, channel_id: UUID) -> bool:
    """The account, which is held, is not subscribed any more; False where it was not."""
    return await execute(db, _REMOVE, (user_id, channel_id)) == 1


async def mark_seen(db: Connection, user_id: UUID, channel_id: UUID) -> None:
    """Nothing of the channel is new to the account."""
    await execute(db, _MARK_SEEN, (user_id, channel_id))


async def mark_all_seen(db: Connection, user_id: UUID) -> None:
    """Nothing of any channel is new to the account."""
    await execute(db, _MARK_ALL_SEEN, (user_id,))


async def remove_some_of_channel(db: Connection, channel_id: UUID, most: int) -> int:
    """Removes so many subscriptions to a channel; returns how many."""
    return await execute(db, _REMOVE_SOME_OF_CHANNEL, {"channel": channel_id, "most": most})


async def list_subscribed(db: Connection, user_id: UUID, limit: int, after: Cursor | None) -> list[SubscribedRow]:
    """What the account is subscribed to, the latest first; one more than `limit` where there is more."""
    params: dict[str, object] = {"user": user_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, SubscribedRow, f"{_LIST} {_NEWEST}", params)
    params |= {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, SubscribedRow, f"{_LIST} {_BEFORE} {_NEWEST}", params)


async def list_feed(db: Connection, user_id: UUID, limit: int, after: Cursor | None) -> list[PublishedRow]:
    """What those channels have published, the latest first; one more than `limit` where there is more."""
    params: dict[str, object] = {"user": user_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, PublishedRow, FEED, params)
    return await fetch_all(db, PublishedRow, FEED_AFTER, {**params, "created_at": after.created_at, "id": after.id})
