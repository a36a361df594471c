"""The jobs of sounds as they are enqueued."""

from collections.abc import Sequence
from uuid import UUID

from matinee.common.jobs import NewJob

ADD = "sounds.add"
REMOVE = "sounds.remove_files"


def add_job(video_id: UUID, name: str) -> NewJob:
    """Looks at the uploaded file of a sound and gives it a place in the plan."""
    args = {"video_id": str(video_id), "name": name}
    return NewJob(name=ADD, lane="ingest", args=args, unique=f"sound:{video_id}:{name}")


def remove_job(
    video_id: UUID, name: str, *, uploaded: bool, recipe: str = "", renditions: Sequence[str] = ()
) -> NewJob:
    """Removes the cells of a removed sound, and its file where it had one of its own."""
    args = {
        "video_id": str(video_id),
        "name": name,
        "uploaded": uploaded,
        "recipe": recipe,
        "renditions": list(renditions),
    }
    return NewJob(name=REMOVE, lane="upkeep", args=args)
