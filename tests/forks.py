"""Processes of ours, forked from one that has imported everything: else each would import for a second first."""

import multiprocessing
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from matinee.cli import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["matinee.app", "matinee.worker", "matinee.cli.doctor", "matinee.cli.jobs", "matinee.cli.users"]
)


def matinee(
    *words: str, env: Mapping[str, str] | None = None, timeout: float = 150
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, as an operator types it; without `env` in an environment with no settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
    with TemporaryDirectory() as folder:
        outputs = (Path(folder, "stdout"), Path(folder, "stderr"))
        process = FORKS.Process(target=_become, args=(words, dict(env or clean), *map(str, outputs)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, timeout)
        return subprocess.CompletedProcess(words, process.exitcode, *(output.read_text() for output in outputs))


def _become(words: tuple[str, ...], environment: dict[str, str], *outputs: str) -> None:
    for number, output in enumerate(outputs, start=1):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    main(words)
