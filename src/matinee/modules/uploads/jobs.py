"""The job of uploads as it is enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

JOIN = "uploads.join"
_SPARE_SECONDS = 30.0  # the request that brings the last byte joins the parts itself, unless it is killed


def join_job(video_id: UUID, *, now: bool = False) -> NewJob:
    """Joins what was received, starts the encoding, and removes what is left over."""
    return NewJob(
        name=JOIN,
        lane="ingest",
        args={"video_id": str(video_id)},
        unique=f"join:{video_id}",
        delay=0.0 if now else _SPARE_SECONDS,
    )
