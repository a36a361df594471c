"""What an export has of subscriptions: all of an account, also to channels that are shut out."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.whole_lists import by_id


class ExportedSubscription(msgspec.Struct, frozen=True):
    """A channel that the account is subscribed to."""

    channel_id: UUID
    created_at: datetime


_LIST = """
SELECT channel_id, created_at FROM subscriptions
WHERE subscriber_id = %(user)s AND channel_id > %(after)s ORDER BY channel_id LIMIT %(limit)s
"""

list_subscriptions = by_id(ExportedSubscription, _LIST, id_name="channel_id")
