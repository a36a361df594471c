"""nginx and Caddy in front of the application, with the very configurations that `deploy/` offers."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.ports import free_port

DEPLOY = Path(__file__).parents[4] / "deploy"
_START_SECONDS = 20.0

_NGINX = """
{user}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {folder}/t1;
    proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
    include {folder}/matinee.conf;
}}
"""


@asynccontextmanager
async def nginx(folder: Path, sample: str, **places: str) -> AsyncIterator[str]:
    """nginx with one of our samples; where it answers. `places`: texts of it, and what stands there instead."""
    port = free_port()
    text = _placed(sample, {"listen 80;": f"listen 127.0.0.1:{port};", **places})
    (folder / "matinee.conf").write_text(text.replace("/var/cache/nginx", str(folder)))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
    command = [_program("nginx"), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    async with _running(command, port, folder) as url:
        yield url


@asynccontextmanager
async def caddy(folder: Path, **places: str) -> AsyncIterator[str]:
    """Caddy with our sample; where it answers."""
    port = free_port()
    text = _placed("Caddyfile", {"video.example.org {": f"http://127.0.0.1:{port} {{", **places})
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    command = [_program("caddy"), "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]
    async with _running(command, port, folder) as url:
        yield url


async def until_answered(url: str) -> None:
    """Until somebody answers there, whatever it is."""
    async with httpx.AsyncClient() as client, asyncio.timeout(_START_SECONDS):
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


def _placed(sample: str, places: dict[str, str]) -> str:
    text = (DEPLOY / sample).read_text()
    for here in places:
        assert here in text, f"{sample} has no {here}"
    # all at once: a free port may begin as one that is to be replaced
    return re.sub("|".join(map(re.escape, places)), lambda here: places[here[0]], text)


def _program(name: str) -> str:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.fail(f"No {name} on the path: run `make tools` as root, or install it.")
    return program


@asynccontextmanager
async def _running(command: list[str], port: int, folder: Path) -> AsyncIterator[str]:
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "output.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
    ended = asyncio.ensure_future(process.wait())
    try:
        answered = asyncio.ensure_future(until_answered(f"{url}/"))
        await asyncio.wait({answered, ended}, return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), (folder / "output.log").read_text()
        yield url
    finally:
        if not ended.done():
            process.terminate()
        await ended
