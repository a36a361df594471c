"""The servers of a run: PostgreSQL and S3 of its own, and child processes on free loopback ports."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from matinee.embedded.postgres import PostgresEndpoint
from matinee.embedded.seaweedfs import SeaweedEndpoint

JWT_SECRET = "k" * 43
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0


class Server(NamedTuple):
    """A running child process."""

    name: str
    url: str
    pid: int


class Site(NamedTuple):
    """What all benches of a run share."""

    folder: Path
    postgres: PostgresEndpoint
    s3: SeaweedEndpoint

    def environment(self, database_url: str, **settings: str) -> dict[str, str]:
        """The settings of Matinee's processes, as an operator would write them."""
        defaults = {
            "HOST": "127.0.0.1",
            "DATABASE_URL": database_url,
            "S3_ENDPOINT_URL": self.s3.url,
            "S3_BUCKET": self.s3.bucket,
            "S3_ACCESS_KEY_ID": self.s3.access_key,
            "S3_SECRET_ACCESS_KEY": self.s3.secret_key,
            "JWT_KEYS": f"bench:{JWT_SECRET}",
            "SECRET_KEY": "s" * 43,
            "COOKIE_SECURE": "false",
            "RATE_LIMITS": "false",
            "LOG_LEVEL": "warning",
            "SCRATCH_DIR": str(self.folder / "scratch"),
            "CELL_CACHE_DIR": str(self.folder / "cells"),
            **settings,
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        return {**own, **{f"MATINEE_{name}": value for name, value in defaults.items()}}

    @contextmanager
    def api(self, database_url: str, name: str = "matinee", **settings: str) -> Iterator[Server]:
        """`matinee serve`, one process."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = self.environment(database_url, PORT=str(port), PUBLIC_URL=url, **settings)
        with self.running(name, [sys.executable, "-m", "matinee.cli", "serve"], environment, port) as server:
            yield server

    @contextmanager
    def worker(self, database_url: str, **settings: str) -> Iterator[Server]:
        """`matinee worker`."""
        environment = self.environment(database_url, **settings)
        with self._child("worker", [sys.executable, "-m", "matinee.cli", "worker"], environment) as process:
            yield Server("worker", "", process.pid)

    @contextmanager
    def granian(self, name: str, target: str, environment: Mapping[str, str], *options: str) -> Iterator[Server]:
        """A bare ASGI application under the same server as Matinee, one process."""
        port = free_port()
        command = [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port),
            "--loop", "uvloop", "--no-ws", "--backpressure", "1024", "--log-level", "warning",
            *options, target,
        ]  # fmt: skip
        with self.running(name, command, {**os.environ, **environment}, port) as server:
            yield server

    @contextmanager
    def running(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], port: int, folder: Path | None = None
    ) -> Iterator[Server]:
        """A server that answers /health on a port, once it does."""
        with self._child(name, command, environment, folder) as process:
            url = f"http://127.0.0.1:{port}"
            _await_answer(process, f"{url}/health", name)
            yield Server(name, url, process.pid)

    @contextmanager
    def _child(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(process: subprocess.Popen[bytes], url: str, name: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if process.poll() is not None:
            raise SystemExit(f"{name} ended with code {process.returncode} before it answered; see its log.")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} did not answer at {url}.") from None
        time.sleep(0.05)
