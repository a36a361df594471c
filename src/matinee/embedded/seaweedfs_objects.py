"""The folder of SeaweedFS's objects: made, brought where the server's account reaches it, given to that account."""

import errno
import os
import shutil
from pathlib import Path

from matinee.embedded.accounts import Account, give_all
from matinee.embedded.errors import EmbeddedServerError


def open_objects(folder: Path, home: Path, account: Account) -> Path:
    """The objects of the data folder below `home`, `account`'s own. Call it under the folder's lock.

    Objects that lie in the data folder itself, of a server that was root, move to `home`; after a crash at any moment
    the next call finds them whole in one of the two places. Raises EmbeddedServerError when they cannot move.
    """
    objects = home / "objects"
    former = folder / "objects"
    if former != objects and former.exists():
        if objects.exists():  # they were copied, and what came after that was cut off
            shutil.rmtree(former, ignore_errors=True)
        else:
            _move(former, objects)
    objects.mkdir(mode=0o700, exist_ok=True)
    give_all(objects, account)
    # weed writes the flags of the last start there and would obey them again.
    (objects / "mini.options").unlink(missing_ok=True)
    return objects


def _move(former: Path, objects: Path) -> None:
    try:
        former.rename(objects)
    except OSError as fault:
        if fault.errno != errno.EXDEV:
            raise
        _copy(former, objects)
        shutil.rmtree(former, ignore_errors=True)


def _copy(former: Path, objects: Path) -> None:
    unfinished = objects.with_name("objects.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        shutil.copytree(former, unfinished, symlinks=True)
    except OSError as fault:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise EmbeddedServerError(f"The objects of {former} cannot be brought to {objects}: {fault}") from fault
    os.sync()  # a power cut must not find the copy empty and the original gone
    unfinished.rename(objects)
