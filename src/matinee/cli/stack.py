"""Everything on one machine: embedded PostgreSQL and SeaweedFS, the API and a worker as child processes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from matinee.cli.secrets import DevSecrets, load_secrets
from matinee.common.migrations import migrate
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.process import launched
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS, SeaweedEndpoint

_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_GRACE_SECONDS = "8"  # of API and worker: within the above, so that nobody has to be killed


class Stack:
    """A running `dev` environment."""

    def __init__(self, url: str, data_dir: Path, secrets: DevSecrets, children: dict[str, subprocess.Popen[bytes]]):
        self.url = url
        self.data_dir = data_dir
        self.secrets = secrets
        self._children = children

    def wait(self) -> None:
        """Until Ctrl-C, SIGTERM, or the end of a child, which is an error."""
        stop = threading.Event()

        def on_signal(number: int, frame: FrameType | None) -> None:
            del number, frame
            stop.set()

        previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, *_endings())}
        try:
            while not stop.wait(0.3):
                self.check()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raises where a child has ended by itself."""
        for name, child in self._children.items():
            if child.poll() is not None:
                log = self.data_dir / f"{name}.log"
                raise click.ClickException(f"The {name} ended with code {child.returncode}; see {log}.")


def run_dev(data_dir: Path, port: int) -> None:
    """`matinee dev`: runs everything until Ctrl-C."""
    with running_stack(data_dir, port) as stack:
        click.echo(f"Matinee          {stack.url}\nDocumentation    {stack.url}/documentation\nCtrl-C stops it.")
        stack.wait()


@contextmanager
def running_stack(data_dir: Path, port: int) -> Iterator[Stack]:
    """Starts the servers, migrates, starts API and worker; stops all of them in reverse order."""
    _spare_the_proxy()
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    port = port or _free_port()
    url = f"http://localhost:{port}"
    _refuse_taken(port)
    secrets = load_secrets(data_dir)
    origins = [url, f"http://127.0.0.1:{port}"]
    for number in _endings():  # before the first child: whenever it comes, all of them are stopped
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as resources:
            postgres = resources.enter_context(EmbeddedPostgres(_folder(data_dir, "postgres")))
            s3 = resources.enter_context(EmbeddedSeaweedFS(_folder(data_dir, "s3"), cors_origins=origins))
            migrate(postgres.endpoint.dsn)
            environment = _environment(data_dir, port, url, secrets, postgres.endpoint.dsn, s3.endpoint)
            children: dict[str, subprocess.Popen[bytes]] = {}
            for name in ("serve", "worker"):
                children[name] = resources.enter_context(_child(name, data_dir, environment))
            stack = Stack(url, data_dir, secrets, children)
            _await_ready(stack, port)
            yield stack
    except EmbeddedServerError as error:
        raise click.ClickException(str(error)) from None


def _spare_the_proxy() -> None:
    """Keeps a proxy that the environment names out of what we and our children say to each other."""
    for name in ("no_proxy", "NO_PROXY"):  # programs differ in which one they read
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "localhost", "127.0.0.1"]))


def _endings() -> list[signal.Signals]:
    """Asked to stop, or the terminal was closed; the latter is ignored under nohup."""
    return [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _folder(data_dir: Path, name: str) -> Path:
    folder = data_dir / name
    folder.mkdir(exist_ok=True)
    return folder


def _environment(
    data_dir: Path, port: int, url: str, secrets: DevSecrets, dsn: str, s3: SeaweedEndpoint
) -> dict[str, str]:
    """The children's environment: the caller's own, but for what these very servers are reached by."""
    defaults = {
        "MATINEE_COOKIE_SECURE": "false",  # plain http on localhost
        "MATINEE_SCRATCH_DIR": str(data_dir / "scratch"),
        "MATINEE_CELL_CACHE_DIR": str(data_dir / "cells"),
        "MATINEE_SHUTDOWN_GRACE_SECONDS": _GRACE_SECONDS,
        "MATINEE_WORKER_GRACE_SECONDS": _GRACE_SECONDS,
    }
    if "MATINEE_SMTP_HOST" not in os.environ:
        defaults["MATINEE_MAIL_FOLDER"] = str(data_dir / "mail")
    own = {
        "MATINEE_HOST": "127.0.0.1",
        "MATINEE_PORT": str(port),
        "MATINEE_PUBLIC_URL": url,
        "MATINEE_DATABASE_URL": dsn,
        "MATINEE_S3_ENDPOINT_URL": s3.url,
        "MATINEE_S3_REGION": s3.region,
        "MATINEE_S3_BUCKET": s3.bucket,
        "MATINEE_S3_ACCESS_KEY_ID": s3.access_key,
        "MATINEE_S3_SECRET_ACCESS_KEY": s3.secret_key,
        "MATINEE_JWT_KEYS": f"dev:{secrets.jwt_key}",
        "MATINEE_SECRET_KEY": secrets.secret_key,
    }
    return {**defaults, **os.environ, **own}


@contextmanager
def _child(name: str, data_dir: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (data_dir / f"{name}.log").open("ab") as log:
        command = [sys.executable, "-m", "matinee.cli", name]
        # its own session: Ctrl-C in the terminal reaches us alone, and we stop things in order
        process = subprocess.Popen(  # noqa: S603  # ourselves
            launched(command, signal.SIGTERM, os.geteuid(), os.getegid()),
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_ready(stack: Stack, port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        stack.check()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise click.ClickException(f"The API did not become ready: {error}") from None
        time.sleep(0.05)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(
                f"Port {port} is taken; stop what uses it, or choose another by --port."
            ) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
