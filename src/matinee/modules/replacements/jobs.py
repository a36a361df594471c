"""The jobs of replacements as they are enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

REPLACE = "replacements.take_over"
FORGET = "replacements.forget_former"

_NEXT = 30  # in its lane before all that begins: somebody waits for it, and it takes no time


def replace_job(video_id: UUID) -> NewJob:
    """Puts a video that can be played in the place of the one that it replaces."""
    return NewJob(
        name=REPLACE, lane="ingest", args={"video_id": str(video_id)}, priority=_NEXT, unique=f"replace:{video_id}"
    )


def forget_job(video_id: UUID, recipe: str) -> NewJob:
    """Removes what was made of a file that was replaced a while ago, and the file."""
    return NewJob(
        name=FORGET,
        lane="upkeep",
        args={"video_id": str(video_id), "recipe": recipe},
        unique=f"former:{video_id}:{recipe}",
    )
