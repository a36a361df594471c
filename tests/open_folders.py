"""Folders that every account may pass through, while pytest's own are closed to others.

The embedded servers of a root run as another account; where it cannot pass, they would keep their data below
/var/lib/matinee, where no test would clear it away.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    """A fresh folder, which is removed with everything in it."""
    folder = Path(tempfile.mkdtemp(prefix="matinee-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
