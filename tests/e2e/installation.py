"""A whole installation: its own servers and real processes, which tests kill and start again."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from tests.open_folders import open_folder
from tests.ports import free_port

from matinee.common.migrations import migrate
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS
from matinee.media.binaries import find_binaries
from matinee.media.plan import RECIPE

PASSWORD = "correct horse battery"
_PATIENCE = 90.0  # seconds until something that must happen counts as not happening


class Installation:
    """PostgreSQL, S3, one API and one worker in a folder. `start()` starts what is named; `kill()` is kill -9."""

    def __init__(self, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._settings = settings
        self._resources = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self.folder = resources.enter_context(open_folder())
            for name in ("postgres", "s3"):
                (self.folder / name).mkdir()
            self.postgres = EmbeddedPostgres(self.folder / "postgres", durable=False)
            self.s3 = EmbeddedSeaweedFS(self.folder / "s3", cors_origins=[self.url])
            self.client = resources.enter_context(httpx.Client(base_url=self.url, timeout=30))
            resources.enter_context(self.s3)
            self.postgres.start()
            resources.callback(self.postgres.stop)
            migrate(self.postgres.endpoint.dsn)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._resources:
            for name in list(self._children):
                self.stop(name)

    def environment(self) -> dict[str, str]:
        """What an operator would write into .env."""
        s3 = self.s3.endpoint
        settings = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DATABASE_URL": self.postgres.endpoint.dsn,
            "S3_ENDPOINT_URL": s3.url,
            "S3_BUCKET": s3.bucket,
            "S3_ACCESS_KEY_ID": s3.access_key,
            "S3_SECRET_ACCESS_KEY": s3.secret_key,
            "JWT_KEYS": "e2e:" + "k" * 43,
            "SECRET_KEY": "s" * 43,
            "COOKIE_SECURE": "false",
            "RATE_LIMITS": "false",
            "ACCESS_TOKEN_MINUTES": "1440",  # whoever signed up is many tests' user
            "SCRATCH_DIR": str(self.folder / "scratch"),
            "CELL_CACHE_DIR": str(self.folder / "cells"),
            "WORKER_HEARTBEAT_SECONDS": "0.3",
            "FILL_DELAY_SECONDS": "0",
            "WORKER_STALE_SECONDS": "2",
            "WORKER_GRACE_SECONDS": "1",
            **self._settings,
        }
        return {**os.environ, **{f"MATINEE_{name}": value for name, value in settings.items()}}

    def start(self, *names: str, wait: bool = True) -> None:
        """Starts `serve` or `worker`; the API is waited for, if wished."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self._children[name] = subprocess.Popen(
                    [sys.executable, "-m", "matinee.cli", name],
                    env=self.environment(),
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
        if wait and "serve" in names:
            until(self.is_ready)

    def stop(self, name: str) -> int:
        """SIGTERM, and its exit code."""
        child = self._children.pop(name)
        child.terminate()
        try:
            return child.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.wait()
            raise

    def kill(self, name: str) -> None:
        """kill -9 of the process, or of all processes of PostgreSQL at once by killing its postmaster."""
        if name == "postgres":
            os.kill(self.postgres.endpoint.pid, 9)
            self.postgres.stop()
        else:
            child = self._children.pop(name)
            os.killpg(child.pid, 9)
            child.wait()

    def restart(self, name: str, *, wait: bool = True) -> None:
        """After `kill`: what a supervisor does."""
        if name == "postgres":
            self.postgres.start()
        else:
            self.start(name, wait=wait)

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def is_ready(self) -> bool:
        try:
            return self.client.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def sign_up(self, email: str = "ada@example.org") -> None:
        """Registers and signs in; later requests are this user's."""
        body = {"email": email, "password": PASSWORD}
        self.client.post("/api/v1/auth/register", json={**body, "name": "Ada"}).raise_for_status()
        answer = self.client.post("/api/v1/auth/login", json=body).raise_for_status()
        self.client.cookies.clear()
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def upload(self, file: Path, **fields: Any) -> str:
        """The whole way of an upload; returns the video's id."""
        data = file.read_bytes()
        body = {"title": file.stem, "filename": file.name, "filesize": len(data), "filetype": "video/mp4", **fields}
        started = self.client.post("/api/v1/videos/init", json=body, headers=self.headers).raise_for_status().json()
        video_id = str(started["video"]["id"])
        signed = self.client.get(f"/api/v1/videos/signedurl/{video_id}", headers=self.headers).raise_for_status()
        for part in signed.json()["parts"]:
            start = (part["part_number"] - 1) * signed.json()["part_size"]
            httpx.put(part["url"], content=data[start : start + part["size"]]).raise_for_status()
        self.client.post(f"/api/v1/videos/complete/{video_id}", json={}, headers=self.headers).raise_for_status()
        return video_id

    def video(self, video_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/videos/{video_id}", headers=self.headers)
        return dict(answer.raise_for_status().json())

    def until_encoded(self, video_id: str) -> dict[str, Any]:
        """The video when its whole ladder exists; fails where it FAILED or takes too long."""

        def encoded() -> bool:
            try:
                video = self.video(video_id)
            except httpx.HTTPError:
                return False
            assert video["status"] != "FAILED", video["failure"]
            return video["encoding"] is not None and video["encoding"]["state"] == "complete"

        until(encoded, patience=2 * _PATIENCE)
        return self.video(video_id)

    def cells(self, video_id: str) -> Iterator[tuple[str, str]]:
        """Every init segment and cell of a video: its path below the recipe, and its SHA-256."""
        for rendition in self.video(video_id)["encoding"]["renditions"]:
            names = ["init.mp4", *(f"{index}.m4s" for index in range(rendition["cells"]))]
            for name in names:
                path = f"/playback/{video_id}/{RECIPE}/{rendition['name']}/{name}"
                answer = self.client.get(path, headers=self.headers, follow_redirects=True).raise_for_status()
                yield f"{rendition['name']}/{name}", hashlib.sha256(answer.content).hexdigest()


def until(condition: Callable[[], bool], patience: float = _PATIENCE) -> None:
    """Looks again and again until the condition holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"{condition.__qualname__} did not come true in {patience} s"
        time.sleep(0.05)


def make_film(file: Path, *, seconds: int = 12, size: str = "426x240", rate: int = 25) -> Path:
    """A film with a frame counter and a tone."""
    command = [find_binaries().ffmpeg, "-y", "-loglevel", "error", "-nostdin"]
    command += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    command += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(file)]
    subprocess.run(command, check=True)
    return file
