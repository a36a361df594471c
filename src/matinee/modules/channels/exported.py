"""What an export has of a channel: what was said of it, its handles and its pictures."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import PageQuery


class ExportedChannel(msgspec.Struct, frozen=True):
    """All of a channel."""

    handles: list[str]
    """The present one, and those that are kept for it."""
    description: str
    links: str
    """As JSON."""
    avatar: bytes | None
    banner: bytes | None
    """JPEG, in Base64."""


class ChannelPage(msgspec.Struct, frozen=True):
    """The one channel that an account has."""

    items: list[ExportedChannel]
    next_cursor: None = None


_FIND = """
SELECT ARRAY(SELECT handle FROM handles WHERE account_id = u.id ORDER BY kept_until NULLS FIRST LIMIT 100) AS handles,
    coalesce(c.description, '') AS description, coalesce(c.links, '[]')::text AS links,
    a.jpeg AS avatar, b.jpeg AS banner
FROM users u LEFT JOIN channels c ON c.account_id = u.id
LEFT JOIN channel_pictures a ON a.account_id = u.id AND a.kind = 'avatar'
LEFT JOIN channel_pictures b ON b.account_id = u.id AND b.kind = 'banner'
WHERE u.id = %s
"""


async def list_channel(db: Connection, user_id: UUID, query: PageQuery) -> ChannelPage:
    """The channel of an account, which is one page."""
    del query
    return ChannelPage(await fetch_all(db, ExportedChannel, _FIND, (user_id,)))
