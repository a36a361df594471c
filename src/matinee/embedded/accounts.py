"""Which system account a server runs as, and what that account can reach.

PostgreSQL refuses to run as root, and nothing embedded needs root's rights, so a root process starts its
servers under another account.
"""

import os
import pwd
import stat
from pathlib import Path

import msgspec

from matinee.embedded.errors import EmbeddedServerError

_STAND_INS = ("postgres", "nobody")


class Account(msgspec.Struct, frozen=True):
    """A system account a server process runs as."""

    uid: int
    gid: int
    name: str


def current_account() -> Account:
    """The account of this process."""
    return _account(os.geteuid(), os.getegid())


def owner_account(folder: Path) -> Account:
    """Who should own what we make in `folder`: the folder's owner for root, otherwise our own account."""
    if os.geteuid() != 0:
        return current_account()
    status = folder.stat()
    return _account(status.st_uid, status.st_gid)


def unprivileged_account(folder: Path, title: str) -> Account:
    """The account a server on `folder` has: its owner, but never root: `postgres` or else `nobody` stands in.

    Raises EmbeddedServerError when this process is root and the system has neither; `title` is the server's name.
    """
    owner = owner_account(folder)
    if owner.uid != 0:
        return owner
    for name in _STAND_INS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    raise EmbeddedServerError(
        f"{title} does not run as root and this system has neither a 'postgres' nor a 'nobody' account; "
        f"make an ordinary user the owner of {folder}, or start Matinee as an ordinary user."
    )


def can_pass(account: Account, folder: Path) -> bool:
    """Whether `account` may go through `folder` to something inside it that it has a right to.

    Judged by mode bits alone: an access control list that grants more is not seen, and the answer then errs
    towards False.
    """
    real = folder.resolve()
    return all(_allows(account, step, stat.S_IXOTH) for step in (real, *real.parents))


def can_run(account: Account, program: Path) -> bool:
    """Whether `account` may run `program`; judged like `can_pass`."""
    real = program.resolve()
    return can_pass(account, real.parent) and _allows(account, real, stat.S_IXOTH | stat.S_IROTH)


def _allows(account: Account, path: Path, wanted: int) -> bool:
    if account.uid == 0:
        return True
    status = path.stat()
    if status.st_uid == account.uid:
        wanted <<= 6
    elif status.st_gid == account.gid:
        wanted <<= 3
    return status.st_mode & wanted == wanted


def give(path: Path, account: Account) -> None:
    """Make `account` the owner of `path`; for root only, anyone else already owns what they made."""
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def give_all(folder: Path, account: Account) -> None:
    """Make `account` the owner of `folder` and of everything in it; for root only.

    The folder itself comes last: its owner tells the next call whether this one came to its end.
    """
    if os.geteuid() != 0 or folder.stat().st_uid == account.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            give(Path(parent, name), account)
    give(folder, account)


def give_to_folder_owner(path: Path) -> None:
    """Make the owner of the folder also the owner of `path`: what root leaves in a user's folder must stay
    usable for that user."""
    give(path, owner_account(path.parent))


def _account(uid: int, gid: int) -> Account:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)  # containers often run under ids that have no name
    return Account(uid=uid, gid=gid, name=name)
