"""Folders, other processes and other accounts for the tests of embedded servers."""

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.open_folders import open_folder

from matinee.embedded.accounts import Account, can_run
from matinee.embedded.seaweedfs_command import read_ports

SOURCE = Path(__file__).parents[3] / "src"
HOLDER = Path(__file__).with_name("holder.py")


def _processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that works in the folder or was told of it, except Python ones."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.name().startswith("python"):
                continue
            if str(folder) in " ".join(process.cmdline()) or process.cwd().startswith(str(folder)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _eventually(condition: Callable[[], bool], timeout: float = 20.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Whether a condition comes true within a time limit."""
    return _eventually


@pytest.fixture
def processes_of() -> Callable[[Path], list[psutil.Process]]:
    return _processes_of


@contextlib.contextmanager
def _data_folder() -> Iterator[Path]:
    with open_folder() as root:
        yield root / "data"
        assert _eventually(lambda: not _processes_of(root)), f"left behind: {_processes_of(root)}"
        ports = read_ports(root / "data" / "ports.json")
        for leftover in ports.leftovers if ports else []:
            leftover.unlink(missing_ok=True)  # a killed owner's; the next start would remove them


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder yet to be made, which every account may pass through."""
    with _data_folder() as path:
        yield path


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    """Like `folder`, for a server that the tests of a module share."""
    with _data_folder() as path:
        yield path


class Holder:
    """A process that started an embedded server and holds it until told otherwise."""

    def __init__(self, kind: str, folder: Path, account: Account | None, options: dict[str, Any]) -> None:
        identity: dict[str, Any] = {}
        interpreter = sys.executable
        if account is not None:
            interpreter = _interpreter_for(account)
        if account is not None and os.geteuid() == 0:
            identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
        site_packages = Path(psutil.__file__).parent.parent
        self.process = subprocess.Popen(
            [interpreter, str(HOLDER), kind, str(folder), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{SOURCE}:{site_packages}"},
            **identity,
        )
        self._answer: dict[str, Any] | None = None

    @property
    def answer(self) -> dict[str, Any]:
        """What the start brought: {owned, endpoint} or {fault}. Waits for it."""
        if self._answer is None:
            assert self.process.stdout is not None
            self._answer = json.loads(self.process.stdout.readline())
        return self._answer

    @property
    def endpoint(self) -> dict[str, Any]:
        return dict(self.answer["endpoint"])

    @property
    def owned(self) -> bool:
        return bool(self.answer["owned"])

    def stop(self) -> None:
        """Let it stop its server in order, and wait for its end."""
        out, _ = self.process.communicate(timeout=60)
        assert out.endswith("stopped\n")

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.communicate(timeout=60)


HoldFunction = Callable[..., Holder]


@pytest.fixture
def hold(folder: Path) -> Iterator[HoldFunction]:
    """`hold(kind, folder=…, account=…, **options)` starts a Holder; all are ended with the test."""
    holders: list[Holder] = []

    def start(kind: str, *, folder: Path = folder, account: Account | None = None, **options: Any) -> Holder:
        holders.append(Holder(kind, folder, account, options))
        return holders[-1]

    yield start
    for holder in holders:
        if holder.process.poll() is None:
            holder.kill()


@pytest.fixture
def ordinary_account() -> Account:
    """An account that is not root's and may run what the environment of the tests offers: ours, or `nobody`."""
    entry = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


@pytest.fixture
def needs_root() -> None:
    """The test concerns what a root process does; on other accounts the behaviour does not exist."""
    if os.geteuid() != 0:
        pytest.skip("concerns a Matinee started as root")


def _interpreter_for(account: Account) -> str:
    """A Python of our version that the account may run: ours may be in a home closed to it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin:/bin")):
        if candidate and can_run(account, Path(candidate)):
            return candidate
    raise AssertionError(f"the account {account.name} can run no {version}; install one for these tests")
