"""Every query about counts.

Whoever changes one inserts a row; a job adds the rows up. What is folded and what is not yet make the count together,
in one statement, so it is exact whenever it is read.
"""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value


class Counts(msgspec.Struct, frozen=True):
    """How many of a video, or how many more."""

    comments: int = 0
    likes: int = 0
    dislikes: int = 0
    views: int = 0


_CHANGE = "INSERT INTO count_changes (video_id, comments, likes, dislikes, views) VALUES (%s, %s, %s, %s, %s)"
_FIND = """
SELECT coalesce(sum(comments), 0)::bigint AS comments, coalesce(sum(likes), 0)::bigint AS likes,
    coalesce(sum(dislikes), 0)::bigint AS dislikes, coalesce(sum(views), 0)::bigint AS views
FROM (
    SELECT comments, likes, dislikes, views FROM video_counts WHERE video_id = %(video)s
    UNION ALL SELECT comments, likes, dislikes, views FROM count_changes WHERE video_id = %(video)s
) AS counted
"""
# What is locked is being added up by another. Of a video that is gone nothing is kept.
_FOLD = """
WITH taken AS (
    DELETE FROM count_changes WHERE id IN (
        SELECT id FROM count_changes ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING video_id, comments, likes, dislikes, views
), summed AS (
    SELECT video_id, sum(comments) AS comments, sum(likes) AS likes, sum(dislikes) AS dislikes,
        sum(views) AS views
    FROM taken GROUP BY video_id
), added AS (
    INSERT INTO video_counts AS c (video_id, comments, likes, dislikes, views)
    SELECT s.video_id, s.comments, s.likes, s.dislikes, s.views
    FROM summed s JOIN videos v ON v.id = s.video_id ORDER BY s.video_id
    ON CONFLICT (video_id) DO UPDATE SET comments = c.comments + excluded.comments,
        likes = c.likes + excluded.likes, dislikes = c.dislikes + excluded.dislikes,
        views = c.views + excluded.views
)
SELECT count(*) FROM taken
"""


async def change(db: Connection, video_id: UUID, more: Counts) -> None:
    """So many more, or fewer."""
    if more != Counts():
        await execute(db, _CHANGE, (video_id, more.comments, more.likes, more.dislikes, more.views))


async def find(db: Connection, video_id: UUID) -> Counts:
    """How many there are now."""
    counts = await fetch_one(db, Counts, _FIND, {"video": video_id})
    assert counts is not None, "it is an aggregate"
    return counts


async def fold(db: Connection, most: int) -> int:
    """Adds up what was noted, the oldest first; returns how many rows that were."""
    return int(await fetch_value(db, _FOLD, (most,)))
