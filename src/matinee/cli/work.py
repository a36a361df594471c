"""The worker process."""

import asyncio

import uvloop

from matinee.common.config import Settings
from matinee.common.logging import configure_logging
from matinee.worker import run_worker


def run(settings: Settings) -> None:
    """Runs jobs until SIGTERM or SIGINT."""
    configure_logging(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings))
