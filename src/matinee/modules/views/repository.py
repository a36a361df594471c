"""Every query about views."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all


class View(NamedTuple):
    """Somebody has watched a video on a day."""

    day: date
    video_id: UUID
    viewer: bytes


class _Partition(msgspec.Struct):
    name: str


# In one order whoever writes: of two who write the same view, one waits for the other and neither for both.
_WRITE = """
WITH seen AS (
    INSERT INTO view_events (day, video_id, viewer)
    SELECT day, video_id, viewer FROM unnest(%s::date[], %s::uuid[], %s::bytea[]) AS v (day, video_id, viewer)
    ORDER BY day, video_id, viewer
    ON CONFLICT DO NOTHING RETURNING video_id)
INSERT INTO count_changes (video_id, views) SELECT video_id, count(*) FROM seen GROUP BY video_id
"""
_PARTITIONS = """
SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'view_events'::regclass LIMIT 10000
"""
_FORGET_OTHERS = "DELETE FROM view_events_other WHERE day < %s"
_PREFIX = "view_events_2"


async def write_views(db: Connection, views: Collection[View]) -> None:
    """Adds them, each once, and counts those that are new."""
    days, videos, viewers = zip(*views, strict=True)
    await execute(db, _WRITE, (list(days), list(videos), list(viewers)))


async def list_partitions(db: Connection) -> list[str]:
    """Those of days, the oldest first."""
    rows = await fetch_all(db, _Partition, _PARTITIONS)
    return sorted(row.name for row in rows if row.name.startswith(_PREFIX))


def partition_of(day: date) -> str:
    """The name of a day's partition."""
    return f"view_events_{day:%Y%m%d}"


async def make_partition(db: Connection, day: date) -> None:
    """A day's partition; nothing of that day may be written yet."""
    bounds = f"FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    await db.execute(f"CREATE TABLE IF NOT EXISTS {partition_of(day)} PARTITION OF view_events {bounds}")


async def drop_partition(db: Connection, name: str) -> None:
    """All that was noted of a day."""
    await db.execute(f"DROP TABLE IF EXISTS {name}")


async def forget_others(db: Connection, before: date) -> None:
    """What was noted on days that had no partition."""
    await execute(db, _FORGET_OTHERS, (before,))
