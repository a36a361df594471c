"""SeaweedFS for development, the demo and tests: a real S3 server from a wheel, on a folder of yours.

    with EmbeddedSeaweedFS(Path("data/s3"), bucket="matinee") as server:
        server.endpoint.url, server.endpoint.access_key, ...

How processes share it is told in `sharing.py`. Its S3 port listens on 127.0.0.1 and asks for the credentials,
which are random and kept in the folder (mode 0600). Objects acknowledged survive a kill -9. As root the server runs
as another account, and if that cannot reach the folder, the objects lie in `/var/lib/matinee` and the file
`location` in the folder says where.
"""

import contextlib
import http.client
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from matinee.embedded.accounts import unprivileged_account
from matinee.embedded.buckets import Buckets
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.installation import weed_program
from matinee.embedded.ports import LOOPBACK
from matinee.embedded.private_files import keep_private, random_word, write_private
from matinee.embedded.process import ServerProcess
from matinee.embedded.relocation import RELOCATION_ROOT, find_home
from matinee.embedded.seaweedfs_command import (
    Credentials,
    SeaweedPorts,
    choose_ports,
    read_ports,
    weed_command,
)
from matinee.embedded.seaweedfs_objects import open_objects
from matinee.embedded.sharing import SharedServer

DEVELOPMENT_ORIGINS = ("http://localhost:3000", "http://127.0.0.1:3000")
_PORT_ATTEMPTS = 5
_PORT_TAKEN = "Port allocation failed"  # as weed says it; a connection to elsewhere may hold a port for a moment
_POLL = 0.01  # seconds between looks at a starting server
_VOLUME_LIMIT = 512  # MiB; volumes grow as they fill, deleted space comes back by rewriting one volume at a time


class SeaweedEndpoint(msgspec.Struct, frozen=True):
    """Where an embedded S3 server answers (path style, signature v4). Holds the secret key: never log it."""

    url: str
    region: str
    access_key: str
    secret_key: str
    bucket: str
    pid: int
    owner_pid: int

    def __repr__(self) -> str:
        return f"SeaweedEndpoint({self.url}, bucket {self.bucket}, pid {self.pid})"


class EmbeddedSeaweedFS(SharedServer[SeaweedEndpoint]):
    """An S3 server on `folder`; `start()`, `stop()`, `with` and `async with` as in `SharedServer`."""

    title: ClassVar[str] = "SeaweedFS"
    endpoint_type = SeaweedEndpoint
    stop_grace: ClassVar[float] = 3.0  # takes one; asked while still starting it hangs, and a kill loses nothing

    def __init__(
        self,
        folder: Path,
        *,
        bucket: str = "matinee",
        cors_origins: Sequence[str] = DEVELOPMENT_ORIGINS,
        port: int | None = None,
        linger: float = 0.0,
        start_timeout: float = 60.0,
        relocation_root: Path = RELOCATION_ROOT,
    ) -> None:
        """`bucket` is made if it does not exist; web pages of `cors_origins` may use it by presigned URLs.

        `port` of the S3 service is the last one used or any free one, unless given. `linger` and `start_timeout`
        are in seconds; see `sharing.py`. `relocation_root` is where a root process keeps what its server cannot reach
        in `folder`. Who attaches gets a bucket of their own choice from the same server.
        """
        super().__init__(folder, start_timeout=start_timeout, linger=linger)
        self._bucket = bucket
        self._origins = tuple(cors_origins)
        self._port = port
        self._relocation_root = relocation_root

    def make_bucket(self, name: str) -> SeaweedEndpoint:
        """Make another bucket on the running server, unless it exists; returns the endpoint with that bucket."""
        endpoint = msgspec.structs.replace(self.endpoint, bucket=name)
        with contextlib.closing(Buckets(endpoint)) as buckets:
            buckets.make(name, self._origins)
        return endpoint

    def remove_bucket(self, name: str) -> None:
        """Remove a bucket and everything in it; does nothing if there is none."""
        with contextlib.closing(Buckets(self.endpoint)) as buckets:
            buckets.remove(name)

    def _launch(self, inherited: int, deadline: float) -> tuple[ServerProcess, SeaweedEndpoint]:
        account = unprivileged_account(self.folder, self.title)
        home = find_home(self.folder, account, self._relocation_root, self.title)
        objects = open_objects(self.folder, home, account)
        program = weed_program(account, home)
        credentials = self._credentials()
        ports = self._last_ports() or choose_ports(self._port)
        for _ in range(_PORT_ATTEMPTS):
            self._clear_away()
            write_private(self._ports_file, msgspec.json.encode(ports))  # before, to find its leftovers after
            command = weed_command(
                program, objects, self.folder / "seaweedfs.log", account, ports, credentials, _VOLUME_LIMIT, inherited
            )
            process = ServerProcess(command)
            with process.stopped_on_failure(self.stop_grace):
                endpoint = self._describe(ports, credentials, process)
                if self._await_ready(process, endpoint, objects, deadline):
                    return process, endpoint
            if ports.all_free and _PORT_TAKEN not in process.log_since_start():
                break  # it did not end because another program has taken a port meanwhile
            ports = choose_ports(self._port)
        raise process.explain_end()

    def _credentials(self) -> Credentials:
        fresh = Credentials(access_key=f"MATINEE{random_word(13).upper()}", secret_key=random_word(40))
        kept = keep_private(self.folder / "credentials.json", lambda: msgspec.json.encode(fresh))
        return msgspec.json.decode(kept, type=Credentials)

    def _last_ports(self) -> SeaweedPorts | None:
        """Those of the last start, so that presigned URLs outlive a restart, where they serve."""
        last = read_ports(self._ports_file)
        return last if last is not None and last.all_free and self._port in (None, last.s3) else None

    def _describe(self, ports: SeaweedPorts, credentials: Credentials, process: ServerProcess) -> SeaweedEndpoint:
        return SeaweedEndpoint(
            url=f"http://{LOOPBACK}:{ports.s3}",
            region="us-east-1",
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            bucket=self._bucket,
            pid=process.pid,
            owner_pid=os.getpid(),
        )

    def _await_ready(self, process: ServerProcess, endpoint: SeaweedEndpoint, objects: Path, deadline: float) -> bool:
        """Wait until objects can be written and read; False when the server ended instead."""
        with contextlib.closing(Buckets(endpoint)) as buckets:  # made while the server is starting
            fault: EmbeddedServerError | None = None
            while process.alive:
                if _is_healthy(endpoint):
                    fault = self._try_bucket(buckets)
                    if fault is None:
                        return True
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"SeaweedFS did not become ready in time.{_full_disk(objects)} Its log is "
                        f"{self.folder / 'seaweedfs.log'}; its last answer was: {fault or 'none'}."
                    )
                time.sleep(_POLL)
        return False

    def _try_bucket(self, buckets: Buckets) -> EmbeddedServerError | None:
        """Make the bucket and use it; the server's refusal while its parts have not all found each other."""
        try:
            buckets.make(self._bucket, self._origins)
            buckets.check_writable(self._bucket)
        except (BotoCoreError, ClientError) as refusal:
            return EmbeddedServerError(str(refusal))
        return None

    def _answers(self, endpoint: SeaweedEndpoint) -> bool:
        return _is_healthy(endpoint)

    def _welcome(self, endpoint: SeaweedEndpoint) -> SeaweedEndpoint:
        own = msgspec.structs.replace(endpoint, bucket=self._bucket)
        if self._bucket != endpoint.bucket:
            with contextlib.closing(Buckets(own)) as buckets:
                if not buckets.exists(self._bucket):
                    buckets.make(self._bucket, self._origins)
        return own

    def _clear_away(self) -> None:
        ports = read_ports(self._ports_file)
        for leftover in ports.leftovers if ports else []:
            with contextlib.suppress(OSError):  # gone already, or another account's
                leftover.unlink()

    @property
    def _ports_file(self) -> Path:
        return self.folder / "ports.json"


def _full_disk(objects: Path) -> str:
    """A sentence where the disk is the cause: weed takes nothing when less than a hundredth of it is free."""
    disk = shutil.disk_usage(objects)
    if disk.free > disk.total / 100:
        return ""
    return f" The disk of {objects} is full ({disk.free / 1e9:.1f} GB are free): make room on it."


def _is_healthy(endpoint: SeaweedEndpoint) -> bool:
    connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
