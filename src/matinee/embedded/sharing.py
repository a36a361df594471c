"""One server per data folder, shared by every process that starts it.

Who owns, who attaches
- The first process to call `start()` owns the server: it is that process's child. Processes that call `start()`
  later, while it runs, attach: they get the same endpoint and start nothing.
- The server stops when its owner calls `stop()`, and when its owner ends in any other way. An attached process
  that calls `stop()` only leaves. Ownership is never handed on.
- An owner with `linger` waits that many seconds for attached processes to leave before it stops the server.
- Whoever has lost the server may call `start()` again: the first to do so owns the new one.

How it is kept, with two lock files that the kernel releases when their holders end
- `lock` is held exclusively by the starter and then by the server itself, which inherits it. Free means: no
  process of the server is left, so starting one is safe, also right after a `kill -9`.
- `users.lock` is held shared by everyone between `start()` and `stop()`, exclusively by an owner that is stopping.
- `server.json` (mode 0600) is where the server answers; written once it does, removed before it is stopped.
"""

import abc
import asyncio
import contextlib
import fcntl
import os
import threading
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from matinee.embedded.accounts import give_to_folder_owner
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.private_files import write_private
from matinee.embedded.process import ServerProcess

_RETRY = 0.02  # seconds between looks at a lock: flock has no timeout of its own

EndpointT = TypeVar("EndpointT", bound=msgspec.Struct)


class SharedServer(abc.ABC, Generic[EndpointT]):
    """A server on a data folder that several processes may use at once. Threads may share one instance."""

    title: ClassVar[str]
    endpoint_type: type[EndpointT]
    stop_grace: ClassVar[float]  # seconds between the request to stop and the kill

    def __init__(self, folder: Path, *, start_timeout: float, linger: float) -> None:
        self.folder = folder.absolute()
        self._start_timeout = start_timeout
        self._linger = linger
        self._guard = threading.Lock()
        self._process: ServerProcess | None = None
        self._endpoint: EndpointT | None = None
        self._lock: int | None = None
        self._users: int | None = None
        _instances.add(self)

    @abc.abstractmethod
    def _launch(self, inherited: int, deadline: float) -> tuple[ServerProcess, EndpointT]:
        """Start the server, which must inherit the file `inherited`, and return once it serves.

        Leaves no process behind when it raises. `deadline` is on the clock of `time.monotonic`.
        """

    @abc.abstractmethod
    def _answers(self, endpoint: EndpointT) -> bool:
        """Whether the server there serves requests now; never raises."""

    @abc.abstractmethod
    def _welcome(self, endpoint: EndpointT) -> EndpointT:
        """What an attaching process needs beyond what the owner made; returns its own view of the endpoint."""

    @abc.abstractmethod
    def _clear_away(self) -> None:
        """Remove what a server that has ended leaves outside its data; called with the folder locked."""

    @property
    def endpoint(self) -> EndpointT:
        """Where the server answers. Raises EmbeddedServerError outside `start()` … `stop()`."""
        if self._endpoint is None:
            raise EmbeddedServerError(f"{self.title} in {self.folder} has not been started.")
        return self._endpoint

    @property
    def owned(self) -> bool:
        """Whether this process started the server, so that it ends with this process."""
        return self._process is not None

    def start(self) -> EndpointT:
        """Start or join the server; returns once it serves. May be called again, also after the server died.

        Raises EmbeddedServerError when that does not succeed within `start_timeout` seconds.
        """
        with self._guard:
            if self._endpoint is not None and self._answers(self._endpoint):
                return self._endpoint
            self._leave()
            self._make_folder()
            deadline = time.monotonic() + self._start_timeout
            try:
                self._endpoint = self._own_or_attach(deadline)
            except BaseException:
                self._leave()
                raise
            return self._endpoint

    def stop(self) -> None:
        """Leave the server; its owner stops it, and then no process of it is left. Does nothing if not started."""
        with self._guard:
            self._leave()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _make_folder(self) -> None:
        try:
            # 0711: another account the server may run as can pass through, but not look around.
            self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as fault:
            raise EmbeddedServerError(
                f"{self.title} cannot use the data folder {self.folder}: {fault.strerror}."
            ) from fault

    def _own_or_attach(self, deadline: float) -> EndpointT:
        while time.monotonic() < deadline:
            if self._users is None:
                self._users = self._take("users.lock", fcntl.LOCK_SH)
            if self._users is not None:
                endpoint = self._try_to_own(deadline) or self._try_to_attach()
                if endpoint is not None:
                    return endpoint
            time.sleep(_RETRY)
        raise EmbeddedServerError(
            f"Another process holds the data folder {self.folder}, but its {self.title} did not answer within "
            f"{self._start_timeout:.0f} s. End that process, or use another data folder."
        )

    def _try_to_own(self, deadline: float) -> EndpointT | None:
        self._lock = self._take("lock", fcntl.LOCK_EX)
        if self._lock is None:
            return None
        try:
            self._forget_server()
            self._process, endpoint = self._launch(self._lock, deadline)
            write_private(self._address, msgspec.json.encode(endpoint))
            return endpoint
        finally:
            os.close(self._lock)  # the running server keeps the lock; if there is none, it is free again
            self._lock = None

    def _try_to_attach(self) -> EndpointT | None:
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            endpoint = msgspec.json.decode(self._address.read_bytes(), type=self.endpoint_type)
            if self._answers(endpoint):
                return self._welcome(endpoint)
        return None

    def _leave(self) -> None:
        process, self._process = self._process, None
        self._endpoint = None
        try:
            if process is not None:
                if process.alive:
                    self._await_other_users()
                self._forget_server()
                process.stop(self.stop_grace)
                self._clear_away()
        finally:
            if self._users is not None:
                os.close(self._users)
                self._users = None

    def _await_other_users(self) -> None:
        """Take `users.lock` for ourselves, so that nobody joins a server about to stop."""
        deadline = time.monotonic() + self._linger
        while self._users is not None:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() >= deadline:
                return
            time.sleep(_RETRY)

    def _forget_server(self) -> None:
        self._address.unlink(missing_ok=True)

    @property
    def _address(self) -> Path:
        return self.folder / "server.json"

    def _take(self, name: str, kind: int) -> int | None:
        """An open file holding the lock, or None when another process is in the way."""
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as fault:
            raise EmbeddedServerError(
                f"The data folder {self.folder} belongs to another user; choose another folder or change its owner."
            ) from fault
        give_to_folder_owner(path)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _abandon_in_fork(self) -> None:
        """In a forked child: the server and its locks stay the parent's alone."""
        for descriptor in (self._lock, self._users):
            if descriptor is not None:
                os.close(descriptor)
        self._lock = self._users = self._process = self._endpoint = None
        self._guard = threading.Lock()


_instances: "weakref.WeakSet[SharedServer[Any]]" = weakref.WeakSet()


def _abandon_all_in_fork() -> None:
    for instance in list(_instances):
        instance._abandon_in_fork()


os.register_at_fork(after_in_child=_abandon_all_in_fork)
