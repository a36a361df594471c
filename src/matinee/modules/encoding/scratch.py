"""A worker's own scratch folder: made at start, removed at the end, and cleared away by others if it was killed."""

import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import structlog

log = structlog.get_logger()

_PREFIX = "worker-"


def default_folder() -> Path:
    """Where workers keep blocks of sources if no setting says otherwise."""
    return Path(tempfile.gettempdir()) / f"matinee-{os.getuid()}"


class Scratch:
    """A private folder below `root`, held by a lock that ends with the process.

    Nothing in it outlives the process: what is there can be fetched again. Where no folder can be made, `folder`
    is None and the worker does without.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = root or default_folder()
        self._lock: BinaryIO | None = None
        self.folder: Path | None = None

    def open(self) -> None:
        """Makes the folder, and removes those of dead workers; several workers may share the root."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._root / ".lock").open("ab") as gate:  # else another's folder might be met before its lock is
                fcntl.flock(gate, fcntl.LOCK_EX)
                for other in self._root.glob(f"{_PREFIX}*"):
                    _remove_if_dead(other)
                folder = self._root / f"{_PREFIX}{secrets.token_hex(8)}"
                folder.mkdir(mode=0o700)
                self._lock = (folder / "lock").open("wb")
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                self.folder = folder
        except OSError as error:  # full, read-only, not ours: slower, but no reason to stop
            log.warning("scratch_unavailable", root=str(self._root), error=str(error))

    def close(self) -> None:
        """Removes the folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _remove_if_dead(folder: Path) -> None:
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return  # its worker lives
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
