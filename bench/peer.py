"""The peer: Fastify 5 + zod 4 + Prisma 7, tuned fairly, on the same PostgreSQL. No part of Matinee.

Its sources are found by PEER, copied and built in the bench's folder, and never committed here.
"""

import base64
import hmac
import json
import os
import random
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from bench.load import Shots
from bench.servers import Server, Site, free_port
from bench.tables import progress

_DEFAULT = "../shared/peers/fastify-prisma"
_POOL = "16"  # connections, as Matinee's


class Peer(NamedTuple):
    """The running peer and its requests, by the kind they are of."""

    server: Server
    shots: dict[str, Shots]


def source() -> Path:
    """Where its sources should be."""
    return Path(os.environ.get("PEER", _DEFAULT)).absolute()


def absence() -> str:
    """Why there is no peer, as a sentence."""
    if not source().is_dir():
        return f"No peer: there is nothing at {source()}; PEER names another place."
    return "No peer: it needs Node ≥ 20 with npm on the path."


@contextmanager
def running(site: Site) -> Iterator[Peer | None]:
    """The peer, built and filled; None where it cannot be."""
    if not source().is_dir() or not shutil.which("npm"):
        progress(absence())
        yield None
        return
    folder = _build(site.folder / "peer")
    url = _fill(site, folder)
    environment = {"NODE_ENV": "production", "WORKERS": "1", "POOL": _POOL, "DATABASE_URL": url}
    port = free_port()
    environment = {**os.environ, **environment, "PORT": str(port)}
    command = ["node", str(folder / "dist/src/main.js")]
    with site.running("peer", command, environment, port, folder) as server, psycopg.connect(url) as db:
        yield Peer(server, _shots(db, _secret(folder)))


def _build(folder: Path) -> Path:
    """Copies and compiles the sources, unless that was done after their last change."""
    built = folder / "dist" / "src" / "main.js"
    files = [file for file in source().rglob("*") if file.is_file() and "node_modules" not in file.parts]
    if built.exists() and all(file.stat().st_mtime < built.stat().st_mtime for file in files):
        return folder
    progress("building the peer (npm install)")
    shutil.copytree(source(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "dist"))
    for path in (folder, *folder.rglob("*")):  # the sources may be read-only, and modes are copied too
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    # Prisma 7 needs no engine; the variable stops an unneeded download
    environment = {**os.environ, "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}
    for command in (
        ["npm", "install", "--no-fund", "--no-audit", "--silent"],
        ["npx", "prisma", "generate"],
        ["npx", "tsc", "-p", "."],
    ):
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The peer could not be built: `{' '.join(command)}` said {done.stdout}{done.stderr}")
    return folder


def _fill(site: Site, folder: Path) -> str:
    """A database with its 10,000 users and 200,000 videos, made anew: the runs before inserted into it."""
    with psycopg.connect(site.postgres.dsn_of("postgres"), autocommit=True) as db:
        db.execute("DROP DATABASE IF EXISTS bench_peer WITH (FORCE)")
        db.execute("CREATE DATABASE bench_peer")
    url = site.postgres.dsn_of("bench_peer")
    progress("filling the peer's database")
    with psycopg.connect(url, autocommit=True) as db:
        for statement in (folder / "schema.sql").read_text().split(";"):
            if statement.strip():
                db.execute(sql.SQL(statement))  # type: ignore[arg-type]
    return url


def _secret(folder: Path) -> str:
    found = re.search(r"SECRET = '([^']+)'", (folder / "src" / "env.ts").read_text())
    if found is None:
        raise SystemExit(f"{folder}/src/env.ts names no SECRET.")
    return found[1]


def _shots(db: psycopg.Connection[Any], secret: str) -> dict[str, Shots]:
    """The requests of its make_load.py."""
    users = db.execute(
        "SELECT user_id FROM videos GROUP BY 1 HAVING count(*) > 200 ORDER BY count(*) DESC LIMIT 64"
    ).fetchall()
    dice = random.Random(1)
    tokens, lists = [], []
    for (user,) in users:
        tokens.append(_token(str(user), secret))
        place = db.execute(
            "SELECT id, created_at FROM videos WHERE user_id = %s "
            "ORDER BY created_at DESC, id DESC OFFSET %s LIMIT 1",
            (user, dice.randint(10, 150)),
        ).fetchone()
        assert place is not None
        at = place[1].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        cursor = base64.urlsafe_b64encode(f"{at}|{place[0]}".encode()).decode().rstrip("=")
        lists += ["/api/v1/videos?limit=20", f"/api/v1/videos?limit=20&cursor={cursor}"]
    ids = db.execute("SELECT id::text FROM videos ORDER BY md5(id::text) LIMIT 5000").fetchall()
    body = {
        "title": "My holiday video from the sea",
        "description": "A description of middling length. " * 6,
        "filename": "holiday.mp4",
        "filesize": 123456789,
        "filetype": "video/mp4",
    }
    return {
        "row": Shots("GET", [f"/api/v1/videos/{video_id}" for (video_id,) in ids], tokens),
        "page": Shots("GET", lists, [token for token in tokens for _ in range(2)]),
        "insert": Shots("POST", ["/api/v1/videos"] * len(tokens), tokens, json.dumps(body)),
    }


def _token(user: str, secret: str) -> str:
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": user, "role": "user", "iat": now, "exp": now + 86400})
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), signed, sha256)).rstrip(b"=")
    return f"{signed.decode()}.{signature.decode()}"
