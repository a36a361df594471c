"""The jobs that read uploaded files, as they are enqueued."""

from uuid import UUID

from matinee.common.jobs import NewJob

HASH = "integrity.hash"
HASH_SOUND = "integrity.hash_sound"

_LATER = 3.0  # seconds: the video can be played by then, and who has uploaded it has seen its first pictures


def hash_job(video_id: UUID, revision: int, *, delay: float = _LATER) -> NewJob:
    """Reads the file that a video keeps, and records its SHA-256."""
    return NewJob(
        name=HASH,
        lane="files",
        args={"video_id": str(video_id), "revision": revision},
        unique=f"hash:{video_id}:{revision}",
        delay=delay,
    )


def hash_sound_job(video_id: UUID, name: str, *, delay: float = _LATER) -> NewJob:
    """The same of a sound that was added."""
    return NewJob(
        name=HASH_SOUND,
        lane="files",
        args={"video_id": str(video_id), "name": name},
        unique=f"hash:{video_id}:{name}",
        delay=delay,
    )
