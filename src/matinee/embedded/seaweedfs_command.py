"""How `weed mini` is called: one process with everything an S3 server needs, and nothing else."""

import contextlib
import signal
from pathlib import Path

import msgspec

from matinee.embedded.accounts import Account
from matinee.embedded.ports import LOOPBACK, free_ports, is_free
from matinee.embedded.private_files import random_word
from matinee.embedded.process import ServerCommand

_GRPC_OFFSET = 10_000  # weed's worker finds the admin service at this distance, whatever the flags say
_HIGHEST_PORT = 65_535
_SOCKET_LIMIT = 107  # bytes: sun_path of a UNIX socket
_TEMPORARY = Path("/tmp")  # noqa: S108 - weed's own choice for its sockets, which others cannot connect to

# What is the same wherever Matinee brings SeaweedFS along; docker-compose.yml repeats it.
SERVICES = (
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-webdav=false",
    "-admin.ui=false",  # the worker that reclaims deleted space still needs the service itself
    "-master.telemetry=false",  # on by default, and it calls home
    "-s3.autoCreateBucket=false",  # a mistyped bucket must be an error
    "-s3.iam=false",  # one identity, made by us; no user management over the network
    "-master.volumePreallocate=false",
    # With state to resume, the master elects itself some milliseconds after it has begun to listen, and the
    # volume service that comes too early waits five seconds. What it would resume it learns from the volumes.
    "-master.resumeState=false",
    "-volume.preStopSeconds=0",  # no other server needs time to notice
)


class SeaweedPorts(msgspec.Struct, frozen=True):
    """The TCP ports of the parts of one server, all on the loopback interface."""

    s3: int
    s3_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    admin: int

    @property
    def admin_grpc(self) -> int:
        return self.admin + _GRPC_OFFSET

    @property
    def all_free(self) -> bool:
        return all(is_free(port) for port in (*msgspec.structs.astuple(self), self.admin_grpc))

    @property
    def leftovers(self) -> list[Path]:
        """Sockets that weed makes in /tmp by itself and leaves there when it is killed."""
        parts = {
            "master": self.master_grpc,
            "volume": self.volume_grpc,
            "filer": self.filer_grpc,
            "s3": self.s3_grpc,
            "admin": self.admin_grpc,
        }
        return [_TEMPORARY / f"seaweedfs-{part}-grpc-{port}.sock" for part, port in parts.items()]


class Credentials(msgspec.Struct, frozen=True):
    """The one S3 identity of the server. Never log it."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"


def choose_ports(s3: int | None) -> SeaweedPorts:
    """Free ports for every part; `s3` fixes that one."""
    while True:
        names = SeaweedPorts.__struct_fields__
        chosen = dict(zip(names, free_ports(len(names)), strict=True))
        admin_grpc = chosen["admin"] + _GRPC_OFFSET
        if admin_grpc <= _HIGHEST_PORT and admin_grpc not in chosen.values() and is_free(admin_grpc):
            return SeaweedPorts(**{**chosen, "s3": s3 or chosen["s3"]})


def read_ports(path: Path) -> SeaweedPorts | None:
    """The ports of the last start; None if they are not known."""
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=SeaweedPorts)
    return None


def weed_command(
    program: Path,
    objects: Path,
    log: Path,
    account: Account,
    ports: SeaweedPorts,
    credentials: Credentials,
    volume_limit: int,
    inherited: int,
) -> ServerCommand:
    """The whole server as one child process. `volume_limit` is in MiB."""
    return ServerCommand(
        title="SeaweedFS",
        argv=[
            str(program),
            "-logtostderr",  # which is our log file; it would write to /tmp as well
            "mini",
            *_flags(objects, ports, volume_limit),
        ],
        account=account,
        environment=_environment(objects, credentials),
        folder=objects,
        log=log,
        # Everything acknowledged is with the kernel already, so a kill loses nothing, and it cannot hang.
        death_signal=signal.SIGKILL,
        stop_signal=signal.SIGTERM,
        inherited=[inherited],
    )


def _flags(objects: Path, ports: SeaweedPorts, volume_limit: int) -> list[str]:
    return [
        f"-dir={objects}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-master.port={ports.master}",
        f"-master.port.grpc={ports.master_grpc}",
        f"-volume.port={ports.volume}",
        f"-volume.port.grpc={ports.volume_grpc}",
        f"-filer.port={ports.filer}",
        f"-filer.port.grpc={ports.filer_grpc}",
        f"-s3.port={ports.s3}",
        f"-s3.port.grpc={ports.s3_grpc}",
        f"-admin.port={ports.admin}",
        f"-admin.port.grpc={ports.admin_grpc}",
        *SERVICES,
        f"-master.volumeSizeLimitMB={volume_limit}",
        f"-filer.localSocket={_socket(objects, 'filer', ports.filer)}",
        f"-s3.localSocket={_socket(objects, 's3', ports.s3)}",
    ]


def _environment(objects: Path, credentials: Credentials) -> dict[str, str]:
    """Nothing of ours is handed on, proxies above all. Secrets go this way: a command line is public.

    The signing keys close the inner HTTP ports, where any local program or web page could otherwise read and
    write every object without the S3 credentials. Nobody else needs them, so each start makes new ones.
    """
    keys = ("JWT_SIGNING", "JWT_SIGNING_READ", "JWT_FILER_SIGNING", "JWT_FILER_SIGNING_READ")
    return {
        "PATH": "/usr/bin:/bin",
        "GOMEMLIMIT": "768MiB",  # reads grow the heap beyond 1 GiB; half of this made them three times slower
        "HOME": str(objects),  # where weed looks for configuration files
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        **{f"WEED_{key}_KEY": random_word(64) for key in keys},
    }


def _socket(objects: Path, part: str, port: int) -> Path:
    """weed's inner UNIX sockets: in our folder if the path is short enough for a socket, else in /tmp."""
    path = objects / f"{part}.sock"
    return path if len(bytes(path)) <= _SOCKET_LIMIT else _TEMPORARY / f"seaweedfs-{part}-{port}.sock"
