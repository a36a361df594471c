"""Wire types of jobs and workers."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from matinee.modules.encoding.schemas import Encoding
from matinee.modules.videos.schemas import StatusField

JobState = Literal["waiting", "running", "delayed", "failed"]
Priority = Literal["high", "normal", "low"]
Reason = Literal[
    "upload_unfinished",
    "running",
    "worker_lost",
    "queued",
    "no_worker",
    "no_capable_worker",
    "delayed",
    "idle",
    "resting",
    "cancelled",
    "failed",
]

PriorityField = Annotated[
    Priority,
    Meta(
        description="`high`: before all jobs of normal videos, whoever's they are · `low`: behind them. What "
        "somebody waits for goes first in any case."
    ),
]
Labels = Annotated[list[str], Meta(description="What it can do that others cannot.", examples=[["big"]])]


class JobError(msgspec.Struct, kw_only=True):
    """Why the last run of a job failed."""

    failed_at: Annotated[datetime, Meta(description="When.")]
    attempt: Annotated[int, Meta(description="How many attempts counted then.", examples=[1])]
    detail: Annotated[str, Meta(description="A sentence for people.")]
    worker: Annotated[str | None, Meta(description="On which worker, for administrators; null for others.")]
    evidence: Annotated[str | None, Meta(description="A traceback, for administrators; null for others.")]


class JobWorker(msgspec.Struct, kw_only=True):
    """The worker that runs a job."""

    name: Annotated[str | None, Meta(description="Its name, for administrators; null for others.", examples=["ant"])]
    host: Annotated[str | None, Meta(description="Its machine, for administrators; null for others.")]
    pid: Annotated[int | None, Meta(description="Its process, for administrators; null for others.")]
    labels: Labels
    seen_at: Annotated[datetime, Meta(description="Its last sign of life.")]
    alive: Annotated[bool, Meta(description="Whether that is recent; else another worker takes the job over soon.")]


class Job(msgspec.Struct, kw_only=True):
    """A piece of work in the queue."""

    id: Annotated[int, Meta(description="Its number in the queue.")]
    video_id: Annotated[
        str | None, Meta(description="Whose it is; null for housekeeping.", extra_json_schema={"format": "uuid"})
    ]
    kind: Annotated[str, Meta(description="What is done.", examples=["encoding.chunk"])]
    part: Annotated[str | None, Meta(description="To which part of the video.", examples=["chunk 4"])]
    lane: Annotated[str, Meta(description="Which slots of workers it is for.", examples=["encode"])]
    needs: Annotated[list[str], Meta(description="Labels that a worker must have for it.", examples=[["big"]])]
    state: Annotated[
        JobState,
        Meta(description="`waiting`: for a slot · `running` · `delayed`: until `next_try_at` · `failed`: given up."),
    ]
    ahead: Annotated[
        int | None, Meta(description="How many jobs of its lane go before it as things are; null unless it waits.")
    ]
    attempts: Annotated[int, Meta(description="Runs that failed since it last achieved something.")]
    next_try_at: Annotated[
        datetime | None, Meta(description="When it begins, or is tried again; null unless it is delayed.")
    ]
    worker: Annotated[JobWorker | None, Meta(description="Who runs it; null unless it is running.")]
    error: Annotated[JobError | None, Meta(description="Why its last run failed; null where none did.")]


class JobCounts(msgspec.Struct, kw_only=True):
    """How many jobs there are."""

    waiting: Annotated[int, Meta(description="They wait for a slot.")]
    running: Annotated[int, Meta(description="A worker is at them.")]
    delayed: Annotated[int, Meta(description="They begin later, or are tried again.")]
    failed: Annotated[int, Meta(description="They were given up within the last week.")]


class Why(msgspec.Struct, kw_only=True):
    """Why a video is not complete."""

    code: Annotated[Reason, Meta(description="Stable; programs decide by it.", examples=["queued"])]
    detail: Annotated[str, Meta(description="A sentence for people.")]


class VideoEncoding(msgspec.Struct, kw_only=True):
    """How far the encoding of a video is, what it waits for, and its jobs."""

    status: StatusField
    encoding: Annotated[Encoding | None, Meta(description="What exists of it; null until its file has arrived.")]
    why: Annotated[Why | None, Meta(description="Why not all of it exists; null where all does.")]
    priority: PriorityField
    counts: Annotated[JobCounts, Meta(description="All its jobs.")]
    jobs: Annotated[
        list[Job], Meta(description="The first fifty: those that run, those that wait, delayed ones, failed ones.")
    ]


class EncodingChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change."""

    priority: PriorityField


class WorkerInfo(msgspec.Struct, kw_only=True):
    """A worker process and what it does."""

    name: str
    host: str
    pid: int
    labels: list[str]
    slots: dict[str, int]
    started_at: datetime
    seen_at: datetime
    alive: bool
    running: list[str]
    speeds: list[str]
    """How fast those with its labels encode, the slowest first, such as `0.8 × libx264 1080p30 of 2160p`."""
