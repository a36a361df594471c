"""The job of imports as it is enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

FETCH = "imports.fetch"


def fetch_job(video_id: UUID) -> NewJob:
    """Brings a video's file from its address into the storage. In a lane of its own: it may wait for hours."""
    return NewJob(name=FETCH, lane="imports", args={"video_id": str(video_id)}, unique=f"import:{video_id}")
