"""The jobs of pictures as they are enqueued. They wait for nobody: nothing that plays depends on them."""

from uuid import UUID

from matinee.common.jobs import NewJob

STORYBOARD = "pictures.storyboard"
PREVIEW = "pictures.preview"
FORGET = "pictures.forget_poster"

_PRIORITY = -10  # behind the removing and cleaning of the same lane


def picture_jobs(video_id: UUID) -> list[NewJob]:
    """Storyboard and preview, once there is what they are taken from."""
    return [_job(STORYBOARD, video_id, "storyboard"), _job(PREVIEW, video_id, "preview")]


def forget_job(video_id: UUID, version: str) -> NewJob:
    """Removes a poster that was chosen and is no longer."""
    args = {"video_id": str(video_id), "version": version}
    return NewJob(name=FORGET, lane="upkeep", args=args, priority=_PRIORITY, unique=f"forget:{video_id}:{version}")


def _job(name: str, video_id: UUID, kind: str) -> NewJob:
    # in the lane of small things, so that neither a person's wait nor an encode is any longer for it
    return NewJob(
        name=name,
        lane="upkeep",
        args={"video_id": str(video_id)},
        priority=_PRIORITY,
        unique=f"{kind}:{video_id}",
    )
