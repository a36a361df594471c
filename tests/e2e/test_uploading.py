"""Uploads through the server as published clients make them: in a browser, from another origin, and from Python."""

import hashlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from playwright.sync_api import Browser, Page
from tests.e2e.installation import Installation, until
from tests.e2e.scissors import cutting
from tusclient.client import TusClient

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "web" / "node_modules"
SCRIPTS = (
    MODULES / "tus-js-client" / "dist" / "tus.min.js",
    MODULES / "@mux" / "upchunk" / "dist" / "upchunk.js",
    Path(__file__).with_name("uploaders.js"),
)
UPPY = """
import { Uppy } from "@uppy/core";
import Tus from "@uppy/tus";
Object.assign(window, { Uppy, Tus });
"""
PAGE = """<!doctype html><title>Elsewhere</title><input type="file">
<script src="uppy.js"></script><script src="tus.min.js"></script><script src="upchunk.js"></script>
<script src="uploaders.js"></script>
"""
SIZE = 17 * 1024**2 + 5  # more than a part
MANY = [8, pytest.param(200, marks=pytest.mark.soak)]
DELAYS = ", ".join(["20"] * 50)  # milliseconds before each try; progress begins anew


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No film: what becomes of it behind the upload is not looked at."""
    file = tmp_path_factory.mktemp("file") / "sea.mp4"
    file.write_bytes(os.urandom(SIZE))
    return file


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of another origin, with the uploaders in it."""
    folder = tmp_path_factory.mktemp("page")
    for script in SCRIPTS:
        shutil.copy(script, folder)
    (folder / "index.html").write_text(PAGE)
    entry = ROOT / "web" / f".uppy-{os.getpid()}.js"  # another process of the run may do the same
    entry.write_text(UPPY)
    try:
        command = [ROOT / "scripts" / "with-node.sh", "node", MODULES / "rolldown" / "bin" / "cli.mjs", entry]
        subprocess.run([*command, "--format", "iife", "--file", folder / "uppy.js"], cwd=ROOT / "web", check=True)
    finally:
        entry.unlink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def open_house(elsewhere: str) -> Iterator[Installation]:
    """An installation that pages of that origin may use."""
    with Installation(CORS_ORIGINS=elsewhere) as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        yield installation


@pytest.fixture
def page(browser: Browser, elsewhere: str, file: Path) -> Iterator[Page]:
    """That page, where the file was chosen."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere)
    page.set_input_files("input", file)
    yield page
    context.close()


def digest(installation: Installation, video_id: str) -> str:
    """The SHA-256 of a video's file."""
    s3 = installation.s3.endpoint
    client = get_session().create_client(
        "s3",
        endpoint_url=s3.url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
    )
    body = client.get_object(Bucket=s3.bucket, Key=f"videos/{video_id}/source")["Body"]
    return hashlib.sha256(body.read()).hexdigest()


def is_awaited(installation: Installation, video_id: str) -> bool:
    return installation.video(video_id)["status"] in ("INITIATED", "UPLOADING")


class TestBrowsers:
    @pytest.mark.parametrize(
        "call",
        [
            "uploaders.tus(base, authorization)",
            "uploaders.tus(base, authorization, { chunkSize: 5_000_000, uploadDataDuringCreation: true })",
            "uploaders.tus(base, authorization, { parallelUploads: 3 })",
            "uploaders.tusTwice(base, authorization)",
            "uploaders.uppy(base, authorization)",
        ],
        ids=["tus-js-client", "in chunks", "in parallel", "resumed", "uppy"],
    )
    def test_tus_brings_the_file(self, page: Page, open_house: Installation, file: Path, call: str) -> None:
        """Preflights are answered, and the page may read what it must."""
        function = f"([base, authorization]) => {call}"
        url = page.evaluate(function, [open_house.url, open_house.headers["Authorization"]])
        video_id = str(url).rpartition("/")[2]
        until(lambda: not is_awaited(open_house, video_id))
        assert open_house.video(video_id)["filename"] == "sea.mp4"
        assert digest(open_house, video_id) == hashlib.sha256(file.read_bytes()).hexdigest()

    @pytest.mark.parametrize("cuts", MANY)
    @pytest.mark.parametrize("client", ["tus", "uppy"])
    def test_however_often_the_line_is_cut(
        self, page: Page, open_house: Installation, file: Path, client: str, cuts: int
    ) -> None:
        """Clients ask what is stored and go on: every byte is there, once."""
        function = (
            f"([base, authorization]) => uploaders.{client}(base, authorization, {{ retryDelays: [{DELAYS}] }})"
        )
        with cutting(open_house.port, cuts, SIZE // cuts) as line:
            url = page.evaluate(function, [line.url, open_house.headers["Authorization"]])
            assert line.left == 0
        video_id = str(url).rpartition("/")[2]
        until(lambda: not is_awaited(open_house, video_id))
        assert digest(open_house, video_id) == hashlib.sha256(file.read_bytes()).hexdigest()

    def test_upchunk_brings_the_file_to_its_address(self, page: Page, open_house: Installation, file: Path) -> None:
        """Without any header of ours."""
        body = {"title": "Sea", "filename": "sea.mp4", "filesize": SIZE, "filetype": "video/mp4"}
        started = open_house.client.post("/api/v1/videos/init", json=body, headers=open_house.headers).json()
        page.evaluate("(url) => uploaders.upchunk(url)", started["upload"]["url"])
        video_id = started["video"]["id"]
        assert not is_awaited(open_house, video_id)
        assert digest(open_house, video_id) == hashlib.sha256(file.read_bytes()).hexdigest()


class TestPython:
    def test_tuspy_brings_the_file(self, open_house: Installation, file: Path) -> None:
        """In chunks with checksums."""
        client = TusClient(f"{open_house.url}/api/v1/uploads", headers=dict(open_house.headers))
        uploader = client.uploader(
            str(file), chunk_size=6_000_000, metadata={"filename": "sea.mp4"}, upload_checksum=True
        )
        uploader.upload()
        assert digest(open_house, uploader.url.rpartition("/")[2]) == hashlib.sha256(file.read_bytes()).hexdigest()

    @pytest.mark.parametrize("cuts", MANY)
    def test_tuspy_goes_on_however_often_the_line_is_cut(
        self, open_house: Installation, file: Path, cuts: int
    ) -> None:
        """A chunk is tried again until it is there."""
        with cutting(open_house.port, cuts, SIZE // cuts) as line:
            client = TusClient(f"{line.url}/api/v1/uploads", headers=dict(open_house.headers))
            uploader = client.uploader(str(file), chunk_size=4 * SIZE // cuts, retries=cuts + 50, retry_delay=0)
            uploader.upload()
            assert line.left == 0
        assert digest(open_house, uploader.url.rpartition("/")[2]) == hashlib.sha256(file.read_bytes()).hexdigest()


class TestKilled:
    @pytest.mark.soak
    def test_an_upload_goes_on_after_the_api_was_killed_in_its_middle(self, file: Path) -> None:
        """What was stored before is there, whatever the killed process held is sent again."""
        data = file.read_bytes()
        with Installation() as installation:
            installation.start("serve")
            installation.sign_up()
            headers = {**installation.headers, "Tus-Resumable": "1.0.0"}
            client = installation.client
            created = client.post("/api/v1/uploads", headers={**headers, "Upload-Length": str(SIZE)})
            url = created.raise_for_status().headers["location"]

            def offset() -> int:
                return int(client.head(url, headers=headers).headers["upload-offset"])

            with socket.create_connection(("127.0.0.1", installation.port)) as line:
                request = {
                    "Host": "localhost",
                    **headers,
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Offset": "0",
                    "Content-Length": str(SIZE),
                }
                lines = [f"PATCH {url} HTTP/1.1", *(f"{name}: {value}" for name, value in request.items()), "", ""]
                line.sendall("\r\n".join(lines).encode() + data[:-1])
                until(lambda: offset() > 0)
                installation.kill("serve")
            installation.restart("serve")
            kept = offset()
            assert 0 < kept < SIZE
            sent = {**headers, "Upload-Offset": str(kept), "Content-Type": "application/offset+octet-stream"}
            client.patch(url, headers=sent, content=data[kept:]).raise_for_status()
            assert digest(installation, url.rpartition("/")[2]) == hashlib.sha256(data).hexdigest()
