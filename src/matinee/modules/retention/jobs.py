"""The job of evictions as it is enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

EVICT = "retention.evict"


def evict_job(video_id: UUID, rendition: str) -> NewJob:
    """Deletes the objects of a rendition that is marked as evicting."""
    return NewJob(
        name=EVICT,
        lane="upkeep",
        args={"video_id": str(video_id), "rendition": rendition},
        unique=f"evict:{video_id}:{rendition}",
    )
