"""PostgreSQL 18 for development, the demo and tests: a real server from a wheel, on a folder of yours.

    with EmbeddedPostgres(Path("data/postgres")) as server:
        psycopg.connect(server.endpoint.dsn)

How processes share it is told in `sharing.py`. Connections need the password (scram-sha-256), on the UNIX
socket and on TCP, which listens on 127.0.0.1 alone. As root the server runs as another account, and if that
cannot reach the folder, the database lies in `/var/lib/matinee` and the file `location` in the folder says where.
"""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import msgspec
import psycopg
from psycopg import sql

from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.ports import LOOPBACK, free_ports, is_free
from matinee.embedded.postgres_cluster import (
    SUPERUSER,
    Cluster,
    address_in_use,
    clear_stale_pid,
    open_cluster,
    socket_folder,
)
from matinee.embedded.private_files import write_private
from matinee.embedded.process import ServerCommand, ServerProcess
from matinee.embedded.relocation import RELOCATION_ROOT
from matinee.embedded.sharing import SharedServer

_PORT_ATTEMPTS = 5
_POLL = 0.01  # seconds between looks at a starting server

# What suits a development machine; the defaults of PostgreSQL hold for the rest.
_SETTINGS = {
    "max_connections": "200",  # several API processes, workers and an open psql
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "jit": "off",  # compiling costs more than our short queries take
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%a ",
    "cluster_name": "matinee",
}
# For tests: a crash of the operating system may lose everything, a kill -9 loses nothing. (So commits stay
# synchronous: they then only hand the write-ahead log to the kernel, where turning that off would lose rows.)
_DISPOSABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "io_method": "sync",  # no I/O worker processes: fewer to start and stop
    "autovacuum_naptime": "10min",
}


class PostgresEndpoint(msgspec.Struct, frozen=True):
    """Where an embedded PostgreSQL answers. Holds the password: never log it."""

    host: str
    port: int
    socket_folder: str
    user: str
    password: str
    database: str
    pid: int
    owner_pid: int

    @property
    def dsn(self) -> str:
        """Connection URL of the application's database, by TCP on the loopback interface."""
        return self.dsn_of(self.database)

    @property
    def socket_dsn(self) -> str:
        """Connection URL by UNIX socket: somewhat faster, for processes of this machine."""
        return f"postgresql://{self.user}:{self.password}@/{self.database}?{self._socket_query}"

    def dsn_of(self, database: str) -> str:
        """Connection URL of another database of this server."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{quote(database)}"

    @property
    def _socket_query(self) -> str:
        return f"host={quote(self.socket_folder, safe='')}&port={self.port}"

    def __repr__(self) -> str:
        return f"PostgresEndpoint({self.host}:{self.port}, pid {self.pid})"


class EmbeddedPostgres(SharedServer[PostgresEndpoint]):
    """A PostgreSQL server on `folder`; `start()`, `stop()`, `with` and `async with` as in `SharedServer`."""

    title: ClassVar[str] = "PostgreSQL"
    endpoint_type = PostgresEndpoint
    stop_grace: ClassVar[float] = 30.0  # a fast shutdown writes a checkpoint

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "matinee",
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
        linger: float = 0.0,
        start_timeout: float = 60.0,
        relocation_root: Path = RELOCATION_ROOT,
    ) -> None:
        """`database` is created if it does not exist.

        `durable=False` is for tests: committed rows survive the server's death, but not the machine's.
        `settings` are PostgreSQL's, in the place of ours.
        `port` is the last one used or any free one, unless given. `linger` and `start_timeout` are in seconds;
        see `sharing.py`. `relocation_root` is where a root process keeps what its server cannot reach in `folder`.
        What the owner chose holds for those who attach, except `database`.
        """
        super().__init__(folder, start_timeout=start_timeout, linger=linger)
        self._database = database
        self._durable = durable
        self._settings = settings or {}
        self._port = port
        self._relocation_root = relocation_root

    def _launch(self, inherited: int, deadline: float) -> tuple[ServerProcess, PostgresEndpoint]:
        cluster = open_cluster(self.folder, self._relocation_root, inherited)
        clear_stale_pid(cluster)
        sockets = socket_folder(cluster)
        for attempt in range(_PORT_ATTEMPTS):
            port = self._choose_port(fresh=attempt > 0)
            process = ServerProcess(self._command(cluster, port, sockets, inherited))
            with process.stopped_on_failure(self.stop_grace):
                if _await_ready(process, cluster, deadline):
                    endpoint = self._describe(cluster, port, sockets, process)
                    _ensure_database(endpoint)
                    write_private(self.folder / "port", str(port).encode())
                    return process, endpoint
            if self._port is not None or not address_in_use(process.log_since_start()):
                break
        raise process.explain_end()

    def _choose_port(self, *, fresh: bool) -> int:
        if self._port is not None:
            return self._port
        with contextlib.suppress(FileNotFoundError, ValueError):
            last = int((self.folder / "port").read_text())  # kept, so that connection URLs outlive a restart
            if not fresh and is_free(last):
                return last
        return free_ports(1)[0]

    def _command(self, cluster: Cluster, port: int, sockets: Path, inherited: int) -> ServerCommand:
        settings = {
            **_SETTINGS,
            **({} if self._durable else _DISPOSABLE),
            **self._settings,
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": str(sockets),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ServerCommand(
            title=self.title,
            argv=[str(cluster.programs / "postgres"), "-D", str(cluster.data), *options],
            account=cluster.account,
            environment=cluster.environment,
            folder=cluster.home,
            log=cluster.log,
            death_signal=signal.SIGINT,  # fast shutdown: clients are disconnected, a checkpoint is written
            stop_signal=signal.SIGINT,
            inherited=[inherited],
        )

    def _describe(self, cluster: Cluster, port: int, sockets: Path, process: ServerProcess) -> PostgresEndpoint:
        return PostgresEndpoint(
            host=LOOPBACK,
            port=port,
            socket_folder=str(sockets),
            user=SUPERUSER,
            password=cluster.password,
            database=self._database,
            pid=process.pid,
            owner_pid=os.getpid(),
        )

    def _answers(self, endpoint: PostgresEndpoint) -> bool:
        try:
            with _maintenance(endpoint):
                return True
        except psycopg.Error:
            return False

    def _welcome(self, endpoint: PostgresEndpoint) -> PostgresEndpoint:
        own = msgspec.structs.replace(endpoint, database=self._database)
        _ensure_database(own)
        return own

    def _clear_away(self) -> None:
        pass  # PostgreSQL removes its socket; after a kill the next server replaces it


def _await_ready(process: ServerProcess, cluster: Cluster, deadline: float) -> bool:
    """Wait until the server accepts connections; False when it ended instead.

    It is read from postmaster.pid, as pg_ctl does: connecting in a loop would fill the log with refusals.
    """
    while process.alive:
        with contextlib.suppress(FileNotFoundError):
            lines = (cluster.data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return True
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                "PostgreSQL did not become ready in time; it may be recovering from a crash. "
                f"Its log is {cluster.log}."
            )
        time.sleep(_POLL)
    return False


def _maintenance(endpoint: PostgresEndpoint) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(endpoint.dsn_of("postgres"), autocommit=True, connect_timeout=5)


def _ensure_database(endpoint: PostgresEndpoint) -> None:
    with _maintenance(endpoint) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [endpoint.database]).fetchone() is None:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                name = sql.Identifier(endpoint.database)
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
