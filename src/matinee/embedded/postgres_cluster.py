"""A PostgreSQL data directory: where it lies, how it is made, whether this PostgreSQL can open it."""

import re
import shutil
import signal
import tempfile
from pathlib import Path

import msgspec

from matinee.embedded.accounts import Account, give, unprivileged_account
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.installation import postgres_programs
from matinee.embedded.private_files import keep_private, random_word, write_private
from matinee.embedded.process import ServerCommand, ServerProcess
from matinee.embedded.relocation import find_home

SUPERUSER = "matinee"
_SOCKET_FOLDER_LIMIT = 107 - len("/.s.PGSQL.65535")  # bytes: sun_path of a UNIX socket, less its file name
_INITDB_TIMEOUT = 120.0  # seconds; takes under one on a laptop


class Cluster(msgspec.Struct, frozen=True):
    """A PostgreSQL data directory and what belongs to it."""

    account: Account
    programs: Path
    home: Path
    log: Path
    password: str

    @property
    def data(self) -> Path:
        return self.home / "pgdata"

    @property
    def environment(self) -> dict[str, str]:
        # Nothing of ours is handed on: PGDATA, PGPORT, LANG or LD_LIBRARY_PATH would change what the server does.
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.home)}


def open_cluster(folder: Path, relocation_root: Path, inherited: int) -> Cluster:
    """The cluster of the data folder, made if there is none. Call it under the folder's lock.

    After a crash at any moment the next call finds either no cluster or a whole one. Raises
    EmbeddedServerError when the cluster was written by another major version or its password is lost.
    """
    account = unprivileged_account(folder, "PostgreSQL")
    home = find_home(folder, account, relocation_root, "PostgreSQL")
    exists = (home / "pgdata").exists()
    if exists and not (folder / "password").exists():
        raise EmbeddedServerError(
            f"The database in {folder} exists, but the file with its password, {folder / 'password'}, is gone. "
            "Put the file back from a backup, or move the folder away to begin with an empty database."
        )
    cluster = Cluster(
        account=account,
        programs=postgres_programs(account, home),
        home=home,
        log=folder / "postgres.log",
        password=keep_private(folder / "password", lambda: random_word(40).encode()).decode(),
    )
    if exists:
        _check_version(cluster)
    else:
        _initialize(cluster, inherited)
    return cluster


def _check_version(cluster: Cluster) -> None:
    found = (cluster.data / "PG_VERSION").read_text().strip()
    # The catalogue that initdb would write begins with the line "# PostgreSQL 18"; asking the program costs a fork.
    catalogue = cluster.programs.parent / "share" / "postgres.bki"
    with catalogue.open() as lines:
        ours = lines.readline().removeprefix("# PostgreSQL ").strip()
    if found != ours:
        raise EmbeddedServerError(
            f"The database in {cluster.data} was written by PostgreSQL {found}, and this Matinee brings PostgreSQL "
            f"{ours}, which cannot open it. Export it with pg_dump of version {found} and import it into a new "
            "data folder, or move the folder away to begin with an empty database."
        )


def _initialize(cluster: Cluster, inherited: int) -> None:
    """Make the data directory beside its final place and move it there once it is whole."""
    unfinished = cluster.home / "pgdata.new"
    password_file = cluster.home / "password.initdb"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, cluster.account)
    try:
        write_private(password_file, cluster.password.encode())
        give(password_file, cluster.account)
        initdb = ServerProcess(_initdb_command(cluster, unfinished, password_file, inherited))
        if initdb.wait(_INITDB_TIMEOUT) != 0:
            raise EmbeddedServerError(
                f"PostgreSQL could not make its data directory below {cluster.home}: {initdb.log_since_start()}"
            )
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.rename(cluster.data)


def _initdb_command(cluster: Cluster, target: Path, password_file: Path, inherited: int) -> ServerCommand:
    return ServerCommand(
        title="initdb",
        argv=[
            str(cluster.programs / "initdb"),
            f"--pgdata={target}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",  # for sockets and TCP alike; initdb's own default is trust
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=builtin",  # sorts the same whatever C library the machine has
            "--builtin-locale=C.UTF-8",
            "--no-sync",  # nothing of value yet; the server's first checkpoint brings it to the disk
        ],
        account=cluster.account,
        environment=cluster.environment,
        folder=cluster.home,
        log=cluster.log,
        death_signal=signal.SIGKILL,
        stop_signal=signal.SIGKILL,
        inherited=[inherited],
    )


def clear_stale_pid(cluster: Cluster) -> None:
    """Remove the postmaster.pid a killed server left. Call it under the folder's lock, which no server of ours holds.

    PostgreSQL removes it itself unless the number now belongs to any other process of the account, as is
    common after a container restarts. A server somebody started by hand on the same data is respected.
    """
    stale = cluster.data / "postmaster.pid"
    try:
        pid = int(stale.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    try:
        in_use = Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.data.resolve()
    except OSError:
        in_use = False  # ended, or another account's process, which cannot have opened our private directory
    if in_use:
        raise EmbeddedServerError(
            f"A PostgreSQL server that Matinee did not start (process {pid}) uses {cluster.data}. Stop it first."
        )
    stale.unlink()


def socket_folder(cluster: Cluster) -> Path:
    """Where the server puts its UNIX socket: in its home, or in /tmp if that path is too long for a socket."""
    folder = cluster.home / "run"
    if len(bytes(folder)) <= _SOCKET_FOLDER_LIMIT:
        folder.mkdir(mode=0o711, exist_ok=True)
        give(folder, cluster.account)
        return folder
    note = cluster.home / "run.location"  # reused, so that a killed server does not leave one folder a start
    if note.exists():
        kept = Path(note.read_text())
        if kept.is_dir() and not kept.is_symlink() and kept.stat().st_uid == cluster.account.uid:
            return kept
    folder = Path(tempfile.mkdtemp(prefix="matinee-postgres-", dir="/tmp"))
    folder.chmod(0o711)
    give(folder, cluster.account)
    write_private(note, bytes(folder))
    return folder


def address_in_use(log: str) -> bool:
    """Whether the server gave up because another program took its port in the meantime."""
    return re.search(r"could not bind .*(in use|EADDRINUSE)|Address already in use", log) is not None
