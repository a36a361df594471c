"""A worker process as it begins: forked from one that has imported everything, which takes a second each time."""

import asyncio
import os
from collections.abc import Mapping, Sequence

from matinee.common.environment import load_settings
from matinee.common.logging import configure_logging
from matinee.worker import run_worker


def work(log: str, environment: Mapping[str, str], command: Sequence[str]) -> None:
    """Works as the environment says, until its end; or becomes `command`, which does."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment)
    if command:
        os.execvp(command[0], command)
    settings = load_settings()
    configure_logging(settings.log_level)
    asyncio.run(run_worker(settings))
