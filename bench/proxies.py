"""nginx as a child process, with a configuration of ours or one that `deploy/` offers."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.servers import Server, Site, free_port

_DEPLOY = Path(__file__).parents[1] / "deploy"
_NGINX = """
{user}
worker_processes 1; worker_rlimit_nofile 8192; daemon off; error_log {folder}/error.log; pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type video/mp4;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  include {folder}/servers.conf;
}}
"""
_STATIC = "server {{ listen 127.0.0.1:{port}; root {root}; location = /health {{ return 200; }} }}"


def find_nginx() -> str | None:
    """The program, where it is installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def static_files(site: Site, root: Path) -> Iterator[Server]:
    """nginx, which sends files and asks nothing."""
    port = free_port()
    with _nginx(site, "nginx-static", port, _STATIC.format(port=port, root=root)) as server:
        yield server


@contextmanager
def deployed(site: Site, name: str, places: Mapping[str, str]) -> Iterator[Server]:
    """nginx with one of the samples. `places`: texts of it, and what stands there instead."""
    port = free_port()
    text = (_DEPLOY / f"{name}.conf").read_text()
    healthy = f"listen 127.0.0.1:{port}; location = /health {{ return 200; }}"
    places = {"listen 80;": healthy, "/var/cache/nginx": str(site.folder / name), **places}
    # all at once: a free port may begin as one that is to be replaced
    text = re.sub("|".join(map(re.escape, places)), lambda here: places[here[0]], text)
    with _nginx(site, name, port, text) as server:
        yield server


@contextmanager
def _nginx(site: Site, name: str, port: int, servers: str) -> Iterator[Server]:
    program = find_nginx()
    if program is None:
        raise SystemExit("nginx is not installed: as root, `make tools`.")
    folder = site.folder / name
    shutil.rmtree(folder, ignore_errors=True)  # also what a run before this one has cached
    folder.mkdir()
    (folder / "servers.conf").write_text(servers)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
    with site.running(name, [program, "-c", f"{folder}/nginx.conf"], os.environ, port) as server:
        yield server
