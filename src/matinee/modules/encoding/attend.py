"""How a job's work on a video is done; `EncodingRunners.attend` is it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from matinee.common.jobs import JobRun

Attend = Callable[[JobRun, UUID, Callable[[JobRun, UUID], Awaitable[None]]], Awaitable[None]]
"""Does the work with signs of life, through outages and evictions; a fault of the source becomes the video's."""
