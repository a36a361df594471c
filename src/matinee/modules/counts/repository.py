"""Every query about counts.

Whoever changes one inserts a row; a job adds the rows up. What is folded and what is not yet make the count together,
in one statement, so it is exact whenever it is read.
"""

from uuid import UUID

from matinee.common.database import Connection, execute, fetch_value

_CHANGE = "INSERT INTO count_changes (video_id, comments) VALUES (%s, %s)"
# What is locked is being added up by another. Of a video that is gone nothing is kept.
_FOLD = """
WITH taken AS (
    DELETE FROM count_changes WHERE id IN (
        SELECT id FROM count_changes ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING video_id, comments
), summed AS (
    SELECT video_id, sum(comments) AS comments FROM taken GROUP BY video_id
), added AS (
    INSERT INTO video_counts AS c (video_id, comments)
    SELECT s.video_id, s.comments FROM summed s JOIN videos v ON v.id = s.video_id ORDER BY s.video_id
    ON CONFLICT (video_id) DO UPDATE SET comments = c.comments + excluded.comments
)
SELECT count(*) FROM taken
"""


async def add_comments(db: Connection, video_id: UUID, change: int) -> None:
    """So many comments more, or fewer."""
    if change:
        await execute(db, _CHANGE, (video_id, change))


async def fold(db: Connection, most: int) -> int:
    """Adds up what was noted, the oldest first; returns how many rows that were."""
    return int(await fetch_value(db, _FOLD, (most,)))
