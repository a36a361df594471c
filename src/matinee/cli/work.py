"""The worker process."""

import asyncio
import sys

import structlog
import uvloop

from matinee.common.config import Settings
from matinee.common.logging import configure_logging
from matinee.media.hardware import EncoderUnavailable
from matinee.worker import run_worker

log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Runs jobs until SIGTERM or SIGINT; what ends it otherwise is logged, for whoever starts it again."""
    configure_logging(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_worker(settings))
    except EncoderUnavailable as error:
        log.critical("worker_refused", reason=str(error))
        sys.exit(1)
    except Exception:
        log.exception("worker_failed")
        sys.exit(1)
