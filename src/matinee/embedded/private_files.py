"""Files only their owner may read: passwords, keys and endpoints of embedded servers."""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from matinee.embedded.accounts import give_to_folder_owner


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` with a file of mode 0600 in one step: a reader sees the old content or the new, never a
    part, also after a crash of the system."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        give_to_folder_owner(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def keep_private(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of `path`; made once by `make` and kept with mode 0600. Call it under the folder's lock."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        content = make()
        write_private(path, content)
        return content


def random_word(length: int = 32) -> str:
    """`length` random hexadecimal digits (4 bits each), safe in URLs, files and command lines."""
    return secrets.token_hex((length + 1) // 2)[:length]
