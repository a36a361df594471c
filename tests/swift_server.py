"""A second, different S3 server for tests: OpenStack Swift with its `s3api`, its four services in one process.

    python -m tests.swift_server FOLDER

Prints its address as soon as it answers and lives until its standard input ends. It is the Swift that clouds run, on
one device with one copy, without the daemons that replicate and audit.
"""

from swift.common import utils

utils.monkey_patch()  # before all else: its services are green threads

import logging  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import eventlet  # noqa: E402
from eventlet import wsgi  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

ACCESS_KEY, SECRET_KEY, REGION = "matinee:tests", "swift-secret", "us-east-1"
_BACKENDS = ("account", "container", "object")
_SWIFT = "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n"
_BACKEND = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
[app:main]
use = egg:swift#{kind}
"""
_PROXY = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors listing_formats s3api tempauth slo dlo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""


def serve(folder: Path) -> None:
    """Serves until standard input ends."""
    logging.disable()
    (folder / "swift.conf").write_text(_SWIFT)
    utils.set_swift_dir(str(folder))
    reload_storage_policies()
    sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in (*_BACKENDS, "proxy")}
    for kind in _BACKENDS:
        _write_ring(folder, kind, _port(sockets[kind]))
    values = {
        "folder": folder,
        "region": REGION,
        "user": ACCESS_KEY.replace(":", "_"),
        "secret": SECRET_KEY,
    }
    for kind, socket in sockets.items():
        conf = folder / f"{kind}.conf"
        conf.write_text((_PROXY if kind == "proxy" else _BACKEND).format(kind=kind, **values))
        eventlet.spawn(wsgi.server, socket, loadapp(str(conf)), log_output=False, keepalive=True)
    print(f"http://127.0.0.1:{_port(sockets['proxy'])}", flush=True)
    eventlet.tpool.execute(sys.stdin.read)


def _write_ring(folder: Path, kind: str, port: int) -> None:
    """One device, one copy."""
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1.0}
    builder.add_dev(device)
    builder.rebalance()
    (folder / "disk").mkdir(exist_ok=True)
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def _port(socket: Any) -> int:
    return int(socket.getsockname()[1])


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
