"""Where a server's data lies if its account cannot reach the data folder, as below /root."""

import secrets
from pathlib import Path

from matinee.embedded.accounts import Account, can_pass
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.private_files import write_private

RELOCATION_ROOT = Path("/var/lib/matinee")


def find_home(folder: Path, account: Account, relocation_root: Path, title: str) -> Path:
    """The folder itself, or, where `account` cannot reach it, one below `relocation_root` that it can.

    The file `location` in the data folder then names the place for good. Call it under the folder's lock. Raises
    EmbeddedServerError when there is no such place; `title` is the server's name in its sentence.
    """
    location = folder / "location"
    if location.exists():
        home = Path(location.read_text().strip())
        if not (home.is_dir() and can_pass(account, home)):
            raise EmbeddedServerError(
                f"The data of {folder} lies in {home}, as the file {location} says, but the account "
                f"'{account.name}' cannot reach it there."
            )
        return home
    if can_pass(account, folder):
        return folder
    home = relocation_root / f"{title.lower()}-{secrets.token_hex(6)}"
    home.mkdir(parents=True, mode=0o711)
    if not can_pass(account, home):
        home.rmdir()
        raise EmbeddedServerError(
            f"{title} does not run as root, and the account '{account.name}' it runs as instead can reach "
            f"neither {folder} nor {relocation_root}. Choose a data folder that every account may pass through."
        )
    write_private(location, f"{home}\n".encode())
    return home
