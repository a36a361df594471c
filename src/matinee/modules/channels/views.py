"""Rows → what is shown of them."""

import msgspec

from matinee.modules.channels.repository import ChannelRow
from matinee.modules.channels.rules import picture_path
from matinee.modules.channels.schemas import Channel, Link

_read_links = msgspec.json.Decoder(list[Link]).decode


def shown(row: ChannelRow) -> Channel:
    """A channel, as everybody is shown it."""
    return Channel(
        id=str(row.id),
        kind=row.kind,
        handle=row.handle,
        name=row.name,
        description=row.description,
        links=_read_links(row.links),
        avatar=picture_path(row.id, "avatar", row.avatar),
        banner=picture_path(row.id, "banner", row.banner),
        subscribers=row.subscribers,
        videos=row.videos,
        created_at=row.created_at,
    )
