"""The one home of embedded server processes: started, watched, stopped and reaped here.

Guarantees: a server ends when the process that started it ends, however that happens (Linux
PR_SET_PDEATHSIG); Ctrl-C at the terminal does not reach it before its owner has finished with it (a session of
its own); it inherits no file but those named, and no environment but the one given.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import msgspec

from matinee.embedded.accounts import Account, give_to_folder_owner
from matinee.embedded.errors import EmbeddedServerError

_LAUNCHER = Path(__file__).with_name("launcher.py")
_LOG_LIMIT = 8 << 20  # bytes; a longer log is set aside at the next start, so two of these are kept at most
_TAIL = 2000  # bytes of the log repeated in an error

Popen = subprocess.Popen[bytes]


class _LastingThread:
    """Starts processes from one thread that lives as long as this process.

    The kernel sends the parent-death signal when the *thread* that forked ends, so a server started from, say,
    `asyncio.to_thread` would die at a random moment.
    """

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Callable[[], Popen], Future[Popen]]] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._process: int | None = None

    def run(self, start: Callable[[], Popen]) -> Popen:
        with self._guard:
            if self._process != os.getpid():  # first use, or first use after a fork, which copies no thread
                self._requests = queue.SimpleQueue()
                threading.Thread(target=self._serve, name="embedded-servers", daemon=True).start()
                self._process = os.getpid()
        answer: Future[Popen] = Future()
        self._requests.put((start, answer))
        return answer.result()

    def _serve(self) -> None:
        requests = self._requests
        while True:
            start, answer = requests.get()
            try:
                answer.set_result(start())
            except BaseException as fault:  # noqa: BLE001 - it belongs to the caller waiting for the answer
                answer.set_exception(fault)


_lasting_thread = _LastingThread()


class ServerCommand(msgspec.Struct, frozen=True):
    """How to start a server; `argv[0]` is an absolute path."""

    title: str
    argv: Sequence[str]
    account: Account
    environment: Mapping[str, str]
    folder: Path
    log: Path
    death_signal: signal.Signals
    stop_signal: signal.Signals
    inherited: Sequence[int] = ()


class ServerProcess:
    """A running server, child of this process."""

    def __init__(self, command: ServerCommand) -> None:
        """Start it. Returns once the program has been found and started; it may still fail on its own."""
        self._command = command
        self._log_start = _open_new_page(command.log)
        self._popen = _lasting_thread.run(lambda: _start(command))

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs; reaps it when it does not."""
        return self._popen.poll() is None

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises EmbeddedServerError after `timeout` seconds (the process is then killed)."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise EmbeddedServerError(
                f"{self._command.title} did not finish within {timeout:.0f} s and was ended."
            ) from None

    def stop(self, grace: float) -> None:
        """Ask it to stop and wait; after `grace` seconds kill it. No process is left when this returns."""
        if self.alive:
            self._popen.send_signal(self._command.stop_signal)
            try:
                self._popen.wait(grace)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self._popen.wait()

    @contextlib.contextmanager
    def stopped_on_failure(self, grace: float) -> Iterator[None]:
        """Stop the server if the block raises, so that a failed start leaves nothing behind."""
        try:
            yield
        except BaseException:
            self.stop(grace)
            raise

    def log_since_start(self) -> str:
        """The last lines this process wrote to its log."""
        with self._command.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - _TAIL))
            return log.read().decode(errors="replace").strip()

    def explain_end(self) -> EmbeddedServerError:
        """The error for a server that ended on its own while it was expected to start."""
        return EmbeddedServerError(
            f"{self._command.title} ended while starting (exit code {self._popen.poll()}). "
            f"The end of its log, {self._command.log}, says:\n{self.log_since_start()}"
        )


def _open_new_page(log: Path) -> int:
    """Set an overlong log aside, make sure the file is private; returns the offset where new lines begin."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    if not log.exists():
        log.touch(mode=0o600)
        give_to_folder_owner(log)
    return log.stat().st_size


def launched(argv: Sequence[str], death_signal: signal.Signals, uid: int, gid: int) -> list[str]:
    """The command as that user, which gets the signal when the thread that started it ends, however it ends."""
    identity = (os.getpid(), int(death_signal), uid, gid)
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *(str(number) for number in identity), *argv]


def _start(command: ServerCommand) -> Popen:
    with command.log.open("ab") as log:
        try:
            return subprocess.Popen(  # noqa: S603 - our own argv, no shell
                launched(command.argv, command.death_signal, command.account.uid, command.account.gid),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=command.folder,
                env=dict(command.environment),
                pass_fds=command.inherited,
                start_new_session=True,
            )
        except OSError as fault:
            raise EmbeddedServerError(f"{command.title} cannot be started: {fault}.") from fault
