"""From what is known of a video, its jobs and the workers to why it is not complete. Pure."""

from collections.abc import Sequence

import msgspec

from matinee.modules.encoding.schemas import Encoding
from matinee.modules.jobs.schemas import Job, Priority, Reason, Why
from matinee.modules.videos.rules import Status

BANDS: dict[Priority, int] = {"high": 2, "normal": 1, "low": 0}
"""How priorities are stored; above them all is what somebody waits for."""
PRIORITIES = {band: priority for priority, band in BANDS.items()}


class Kind(msgspec.Struct, frozen=True):
    """A lane that some living worker runs, and that worker's labels."""

    lane: str
    labels: list[str]


def explain(
    status: Status, failure: str | None, encoding: Encoding | None, jobs: Sequence[Job], kinds: Sequence[Kind]
) -> Why | None:
    """Why not all of a video exists; None where all does.

    `failure`: why it, or a part of it, could not be made. `jobs`: what makes it, in the order of their states.
    """
    if encoding is None and status in ("INITIATED", "UPLOADING") and not jobs:
        return Why(code="upload_unfinished", detail="Its file has not arrived yet.")
    if status == "FAILED" or (encoding is not None and encoding.state == "failed"):
        return Why(code="failed", detail=f"{failure or 'It could not be made.'} It can be tried again by a retry.")
    state = encoding.state if encoding else "waiting"
    if state == "complete":
        return None
    if state == "cancelled":
        return Why(code="cancelled", detail="The filling was stopped; a retry resumes it. What is watched is made.")
    if state == "resting":
        return Why(code="resting", detail="What is missing is made when somebody wants to watch it.")
    code, detail = _of_jobs([job for job in jobs if job.state != "failed"], kinds)
    return Why(code=code, detail=detail)


def _of_jobs(jobs: Sequence[Job], kinds: Sequence[Kind]) -> tuple[Reason, str]:
    running = [job for job in jobs if job.state == "running"]
    if any(job.worker is not None and job.worker.alive for job in running):
        return "running", "A worker is at it." if len(running) == 1 else f"Workers are at {len(running)} of its jobs."
    if running:
        return "worker_lost", "The worker that was at it gives no sign of life; another takes over in some seconds."
    waiting = next((job for job in jobs if job.state == "waiting"), None)
    if waiting is not None:
        return _of_waiting(waiting, kinds)
    delayed = next((job for job in jobs if job.state == "delayed"), None)
    if delayed is not None:
        return "delayed", f"{delayed.error.detail} It is tried again soon." if delayed.error else "It begins soon."
    return "idle", "No job makes it; a retry sees to that."


def _of_waiting(job: Job, kinds: Sequence[Kind]) -> tuple[Reason, str]:
    lane = [kind for kind in kinds if kind.lane == job.lane]
    if not any(set(job.needs) <= set(kind.labels) for kind in lane):
        if not job.needs:
            return "no_worker", f"It waits for a worker of the lane {job.lane}; none is alive."
        labels = " and ".join(job.needs)
        return "no_capable_worker", f"It waits for a worker labelled {labels}; none is alive."
    if not job.ahead:
        return "queued", "It is the next that a worker takes."
    return "queued", f"It waits for a worker; {job.ahead:,} {'job goes' if job.ahead == 1 else 'jobs go'} before it."
