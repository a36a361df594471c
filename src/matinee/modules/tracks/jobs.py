"""The jobs of text tracks as they are enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

EXTRACT = "tracks.extract"
REMOVE = "tracks.remove_file"
HEAR = "tracks.hear"

_AFTER_ALL_ELSE = -10  # in its lane: no video waits to become playable because another one's captions are read


def extract_job(video_id: UUID) -> NewJob:
    """Takes text tracks and chapters from a film that can be played."""
    return NewJob(
        name=EXTRACT,
        lane="ingest",
        args={"video_id": str(video_id)},
        priority=_AFTER_ALL_ELSE,
        unique=f"text:{video_id}",
    )


def remove_job(video_id: UUID, track_id: UUID) -> NewJob:
    """Removes the file of a deleted track."""
    return NewJob(name=REMOVE, lane="upkeep", args={"video_id": str(video_id), "track_id": str(track_id)})


def hear_job(video_id: UUID, track_id: UUID) -> NewJob:
    """Captions a video by machine. In a lane of its own: it takes as long as the video, and nobody waits."""
    return NewJob(
        name=HEAR,
        lane="speech",
        args={"video_id": str(video_id), "track_id": str(track_id)},
        unique=f"speech:{track_id}",
    )
