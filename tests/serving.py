"""`matinee serve` in a process of its own, as operators run it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from matinee.common.config import Settings
from matinee.common.environment import PREFIX
from matinee.embedded.ports import LOOPBACK, free_ports

START_SECONDS = 60.0
STOP_SECONDS = 40.0


class Server(msgspec.Struct):
    """A running server: where it answers, and what it logs."""

    url: str
    port: int
    log: Path

    def log_lines(self) -> list[bytes]:
        """What it logged so far, a JSON object a line."""
        return self.log.read_bytes().splitlines()


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[Server]:
    """A server with these settings on a free port; stopped in good order at the end of the block."""
    settings = msgspec.structs.replace(settings, host=LOOPBACK, port=free_ports(1)[0])
    descriptor, name = tempfile.mkstemp(suffix=".log", dir=folder)
    server = Server(f"http://{LOOPBACK}:{settings.port}", settings.port, Path(name))
    environment = {**os.environ, **environment_of(settings)}
    command = [sys.executable, "-m", "matinee.cli", "serve"]
    os.close(descriptor)
    with server.log.open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        try:
            _await_ready(process, server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that say the same."""
    variables = {}
    for name, value in msgspec.structs.asdict(settings).items():
        if value is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            variables[PREFIX + name.upper()] = text.lower() if isinstance(value, bool) else text
    return variables


def _await_ready(process: subprocess.Popen[bytes], server: Server) -> None:
    """Asks /ready until it answers 200; fails at once when the server dies."""
    for _ in range(int(START_SECONDS / 0.1)):
        try:
            if httpx.get(f"{server.url}/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass  # not listening yet
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"the server did not become ready: {server.log.read_text()[-2000:]}")
