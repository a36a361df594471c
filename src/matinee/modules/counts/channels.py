"""Every query about counts of channels: kept as those of videos are. The changes are noted by triggers."""

from uuid import UUID

from matinee.common.database import Connection, fetch_value

# How they are read of an account `u`: as `n.subscribers` and `n.videos`.
OF_ACCOUNT = """
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.subscribers), 0)::bigint AS subscribers, coalesce(sum(c.videos), 0)::bigint AS videos
    FROM (
        SELECT subscribers, videos FROM channel_counts WHERE channel_id = u.id
        UNION ALL SELECT subscribers, videos FROM channel_count_changes WHERE channel_id = u.id
    ) c) n
"""
_SUBSCRIBERS = f"SELECT n.subscribers FROM users u {OF_ACCOUNT} WHERE u.id = %s AND u.shut_at IS NULL"  # noqa: S608
# What is locked is being added up by another. Of an account that is gone nothing is kept.
_FOLD = """
WITH taken AS (
    DELETE FROM channel_count_changes WHERE id IN (
        SELECT id FROM channel_count_changes ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING channel_id, subscribers, videos
), summed AS (
    SELECT channel_id, sum(subscribers) AS subscribers, sum(videos) AS videos FROM taken GROUP BY channel_id
), added AS (
    INSERT INTO channel_counts AS c (channel_id, subscribers, videos)
    SELECT s.channel_id, s.subscribers, s.videos
    FROM summed s JOIN users u ON u.id = s.channel_id ORDER BY s.channel_id
    ON CONFLICT (channel_id) DO UPDATE SET subscribers = c.subscribers + excluded.subscribers,
        videos = c.videos + excluded.videos
)
SELECT count(*) FROM taken
"""


async def count_subscribers(db: Connection, channel_id: UUID) -> int:
    """How many there are now; of who is shut out none are told."""
    return int(await fetch_value(db, _SUBSCRIBERS, (channel_id,)) or 0)


async def fold_channels(db: Connection, most: int) -> int:
    """Adds up what was noted, the oldest first; returns how many rows that were."""
    return int(await fetch_value(db, _FOLD, (most,)))
