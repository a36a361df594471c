"""The job of downloads as it is enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

PREPARE = "downloads.prepare"


def prepare_job(video_id: UUID, name: str, *, needs: frozenset[str] = frozenset()) -> NewJob:
    """Makes what is missing of a file, and lays it out. Somebody asked for it: it goes before the background."""
    return NewJob(
        name=PREPARE,
        lane="encode",
        args={"video_id": str(video_id), "name": name},
        priority=1,
        unique=f"download:{video_id}:{name}",
        needs=needs,
    )
