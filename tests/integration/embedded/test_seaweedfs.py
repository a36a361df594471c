"""The embedded SeaweedFS: everything the uploads and the playback ask of an S3, on the real server."""

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS, SeaweedEndpoint

ORIGIN = "http://localhost:3000"
PART = os.urandom(5 << 20)
LAST_PART = os.urandom(12345)
SESSION = botocore.session.Session()  # one for all clients: it reads the description of S3 once, which takes 150 ms


def _client(endpoint: SeaweedEndpoint) -> Any:
    return SESSION.create_client(
        "s3",
        endpoint_url=endpoint.url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def _request(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """A request as a browser would send it."""
    request = urllib.request.Request(url, body, {"Origin": ORIGIN, **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


def _put(endpoint: SeaweedEndpoint, key: str, body: bytes) -> None:
    _client(endpoint).put_object(Bucket=endpoint.bucket, Key=key, Body=body)


def _get(endpoint: SeaweedEndpoint, key: str) -> bytes:
    return bytes(_client(endpoint).get_object(Bucket=endpoint.bucket, Key=key)["Body"].read())


def _refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def server(module_folder: Path) -> Iterator[EmbeddedSeaweedFS]:
    """A running server."""
    with EmbeddedSeaweedFS(module_folder, cors_origins=[ORIGIN]) as running:
        yield running


@pytest.fixture
def endpoint(server: EmbeddedSeaweedFS) -> SeaweedEndpoint:
    return server.endpoint


@pytest.fixture
def upload(endpoint: SeaweedEndpoint) -> "Upload":
    return Upload(endpoint)


class Upload:
    """A multipart upload whose parts go by presigned URLs, as a browser sends them."""

    def __init__(self, endpoint: SeaweedEndpoint) -> None:
        self.s3 = _client(endpoint)
        self.target = {"Bucket": endpoint.bucket, "Key": f"uploads/{os.urandom(8).hex()}"}
        self.target["UploadId"] = self.s3.create_multipart_upload(**self.target)["UploadId"]

    def url(self, number: int) -> str:
        return str(self.s3.generate_presigned_url("upload_part", {**self.target, "PartNumber": number}))

    def send(self, number: int, body: bytes) -> dict[str, Any]:
        status, headers, _ = _request(self.url(number), "PUT", body)
        assert status == 200
        return {"PartNumber": number, "ETag": headers["ETag"]}

    def parts(self) -> list[tuple[int, int]]:
        listed = self.s3.list_parts(**self.target).get("Parts", [])
        return [(part["PartNumber"], part["Size"]) for part in listed]

    def complete(self, parts: list[dict[str, Any]]) -> None:
        self.s3.complete_multipart_upload(**self.target, MultipartUpload={"Parts": parts})


class TestStart:
    def test_the_bucket_is_there_at_once(self, endpoint: SeaweedEndpoint) -> None:
        """After `start()` objects can be written and read."""
        _put(endpoint, "film", b"reel")
        assert _get(endpoint, "film") == b"reel"

    def test_the_bucket_starts_empty(self, folder: Path) -> None:
        """The check that objects can be written leaves none."""
        with EmbeddedSeaweedFS(folder) as server:
            listed = _client(server.endpoint).list_objects_v2(Bucket=server.endpoint.bucket)
        assert "Contents" not in listed

    def test_one_who_attaches_may_want_another_bucket(self, server: EmbeddedSeaweedFS) -> None:
        """Each process names the bucket it wants; it is made if need be."""
        with EmbeddedSeaweedFS(server.folder, bucket="other") as attached:
            assert not attached.owned
            _put(attached.endpoint, "film", b"reel")

    def test_a_bucket_can_be_made_and_removed(self, server: EmbeddedSeaweedFS) -> None:
        """Tests get buckets of their own, and removing one removes its objects."""
        endpoint = server.make_bucket("short-lived")
        _put(endpoint, "film", b"reel")
        server.remove_bucket("short-lived")
        assert _refusal(lambda: _get(endpoint, "film")) == "NoSuchBucket"

    def test_removing_a_bucket_that_is_not_there_is_no_error(self, server: EmbeddedSeaweedFS) -> None:
        """Cleaning up twice is harmless."""
        server.remove_bucket("never-there")

    def test_ports_taken_meanwhile_are_replaced(self, folder: Path) -> None:
        """The last ports are preferred, not insisted on, and objects do not depend on them."""
        with EmbeddedSeaweedFS(folder) as server:
            _put(server.endpoint, "film", b"reel")
            before = server.endpoint.url
        ports = msgspec.json.decode((folder / "ports.json").read_bytes())
        with socket.create_server(("127.0.0.1", ports["master"])), EmbeddedSeaweedFS(folder) as server:
            assert server.endpoint.url != before
            assert _get(server.endpoint, "film") == b"reel"

    def test_ports_that_only_seem_free_are_replaced(self, folder: Path) -> None:
        """Whoever holds one on another address is met by SeaweedFS alone."""
        with EmbeddedSeaweedFS(folder):
            ports = msgspec.json.decode((folder / "ports.json").read_bytes())
        with socket.create_server(("127.0.0.2", ports["master"])), EmbeddedSeaweedFS(folder):
            assert msgspec.json.decode((folder / "ports.json").read_bytes())["master"] != ports["master"]

    def test_a_missing_program_is_explained(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the wheel, the sentence names it."""
        monkeypatch.setattr("matinee.embedded.installation._SEAWEEDFS_WHEEL", "not-a-wheel")
        with pytest.raises(RuntimeError, match="SeaweedFS is not installed here: the package not-a-wheel"):
            EmbeddedSeaweedFS(folder).start()

    def test_a_copy_serves_an_account_the_program_is_closed_to(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the installation is out of the account's reach, a copy beside the data is used."""
        monkeypatch.setattr("matinee.embedded.installation.can_run", lambda account, program: False)
        with EmbeddedSeaweedFS(folder) as server:
            assert Path(psutil.Process(server.endpoint.pid).exe()).is_relative_to(folder)


class TestRoot:
    """What a process of root's does: nothing of the server needs its rights."""

    @pytest.mark.usefixtures("needs_root")
    def test_the_server_runs_as_somebody_else(self, folder: Path) -> None:
        """`postgres` or else `nobody` stands in where the folder is root's own."""
        with EmbeddedSeaweedFS(folder) as server:
            assert psutil.Process(server.endpoint.pid).username() in {"postgres", "nobody"}

    @pytest.mark.usefixtures("needs_root")
    def test_objects_of_a_server_that_was_root_still_serve(self, folder: Path) -> None:
        """They are given to the account that the server has now."""
        with EmbeddedSeaweedFS(folder) as server:
            _put(server.endpoint, "film", PART)
        _give_all_to_root(folder / "objects")
        with EmbeddedSeaweedFS(folder) as server:
            assert _get(server.endpoint, "film") == PART
            _put(server.endpoint, "film", b"reel")
            assert _get(server.endpoint, "film") == b"reel"
        assert 0 not in {path.stat().st_uid for path in (folder / "objects").rglob("*")}

    @pytest.mark.usefixtures("needs_root")
    def test_a_folder_closed_to_the_server_gets_its_objects_elsewhere(self, folder: Path) -> None:
        """Below /root, say, nobody else may pass: objects that are there already move, and a file says where to."""
        with EmbeddedSeaweedFS(folder) as server:
            _put(server.endpoint, "film", b"reel")
        _give_all_to_root(folder / "objects")
        folder.chmod(0o700)
        elsewhere = folder.with_name("elsewhere")
        for _ in range(2):
            with EmbeddedSeaweedFS(folder, relocation_root=elsewhere) as server:
                assert _get(server.endpoint, "film") == b"reel"
        home = Path((folder / "location").read_text().strip())
        assert home.parent == elsewhere
        assert (home / "objects").exists()
        assert not (folder / "objects").exists()


def _give_all_to_root(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, 0)


class TestFullDisk:
    @pytest.mark.usefixtures("needs_root")
    def test_it_is_named(self, folder: Path) -> None:
        """SeaweedFS takes nothing when less than a hundredth of the disk is free, and does not say why."""
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "films", str(folder)], check=False)
        if mounted.returncode:
            pytest.skip("mounting is not allowed here")
        try:
            with (folder / "films").open("wb") as films:
                os.posix_fallocate(films.fileno(), 0, 64 * 1024**2 - 500_000)
            with pytest.raises(EmbeddedServerError, match=r"The disk of \S+ is full \(0\.0 GB are free\)"):
                EmbeddedSeaweedFS(folder, start_timeout=3).start()
        finally:
            subprocess.run(["umount", str(folder)], check=True)


class TestStop:
    def test_stopping_leaves_no_socket_behind(self, folder: Path) -> None:
        """weed's own sockets in /tmp are removed, also after a kill."""
        before = set(Path("/tmp").glob("seaweedfs-*"))
        with EmbeddedSeaweedFS(folder) as server:
            ports = msgspec.json.decode((folder / "ports.json").read_bytes())
            os.kill(server.endpoint.pid, signal.SIGKILL)
        left = set(Path("/tmp").glob("seaweedfs-*")) - before
        assert not [path for path in left if any(str(port) in path.name for port in ports.values())]


class TestCrash:
    def test_objects_survive_a_kill_of_the_server(self, folder: Path) -> None:
        """kill -9 loses nothing that was acknowledged, small or large."""
        with EmbeddedSeaweedFS(folder) as server:
            _put(server.endpoint, "small", b"reel")
            _put(server.endpoint, "large", PART * 3)
            os.kill(server.endpoint.pid, signal.SIGKILL)
            endpoint = server.start()
            assert _get(endpoint, "small") == b"reel"
            assert hashlib.sha256(_get(endpoint, "large")).digest() == hashlib.sha256(PART * 3).digest()

    def test_objects_survive_a_kill_of_the_owner(self, folder: Path, hold: Callable[..., Any]) -> None:
        """kill -9 of the process that started it: the next start has everything."""
        owner = hold("seaweedfs")
        _put(SeaweedEndpoint(**owner.endpoint), "film", b"reel")
        owner.kill()
        with EmbeddedSeaweedFS(folder) as server:
            assert _get(server.endpoint, "film") == b"reel"

    def test_an_upload_goes_on_after_a_kill(self, folder: Path) -> None:
        """Parts sent before a kill -9 count afterwards, and URLs signed before it still work."""
        with EmbeddedSeaweedFS(folder) as server:
            upload = Upload(server.endpoint)
            first = upload.send(1, PART)
            os.kill(server.endpoint.pid, signal.SIGKILL)
            server.start()
            upload.complete([first, upload.send(2, LAST_PART)])
            assert _get(server.endpoint, upload.target["Key"]) == PART + LAST_PART


class TestMultipartUpload:
    def test_parts_by_presigned_urls_become_the_object(self, endpoint: SeaweedEndpoint, upload: Upload) -> None:
        """Parts sent in any order are joined by number."""
        last = upload.send(2, LAST_PART)
        first = upload.send(1, PART)
        upload.complete([first, last])
        assert _get(endpoint, upload.target["Key"]) == PART + LAST_PART

    def test_the_etag_of_a_part_is_its_md5(self, upload: Upload) -> None:
        """As with AWS, so that a client can check what arrived."""
        assert upload.send(1, PART)["ETag"] == f'"{hashlib.md5(PART).hexdigest()}"'

    def test_parts_can_be_listed(self, upload: Upload) -> None:
        """Number and size of what has arrived."""
        upload.send(1, PART)
        upload.send(3, LAST_PART)
        assert upload.parts() == [(1, len(PART)), (3, len(LAST_PART))]

    def test_parts_are_listed_page_by_page(self, upload: Upload) -> None:
        """The list can be taken in pages by part number."""
        for number in (1, 2, 3):
            upload.send(number, PART)
        page = upload.s3.list_parts(**upload.target, MaxParts=2)
        rest = upload.s3.list_parts(**upload.target, PartNumberMarker=page["NextPartNumberMarker"])
        assert page["IsTruncated"]
        assert [part["PartNumber"] for part in page["Parts"] + rest["Parts"]] == [1, 2, 3]

    def test_the_part_named_at_completion_counts(self, endpoint: SeaweedEndpoint, upload: Upload) -> None:
        """A part sent twice is there twice, unlike with AWS; its ETag tells which one is meant."""
        upload.send(1, LAST_PART)
        second = upload.send(1, PART)
        upload.complete([second])
        assert _get(endpoint, upload.target["Key"]) == PART

    def test_a_wrong_etag_is_refused(self, upload: Upload) -> None:
        """Completing with an ETag that no part has fails, and the upload stays."""
        upload.send(1, PART)
        wrong = {"PartNumber": 1, "ETag": '"d41d8cd98f00b204e9800998ecf8427e"'}
        assert _refusal(lambda: upload.complete([wrong])) == "InvalidPart"
        assert upload.parts() == [(1, len(PART))]

    def test_an_aborted_upload_is_gone(self, upload: Upload) -> None:
        """Its parts can neither be listed nor completed."""
        part = upload.send(1, PART)
        upload.s3.abort_multipart_upload(**upload.target)
        assert _refusal(upload.parts) == "NoSuchUpload"
        assert _refusal(lambda: upload.complete([part])) == "NoSuchUpload"

    def test_a_url_is_for_one_part_alone(self, upload: Upload) -> None:
        """The signature covers the part number."""
        status, _, _ = _request(upload.url(1).replace("partNumber=1", "partNumber=2"), "PUT", PART)
        assert status == 403


class TestRead:
    @pytest.mark.parametrize(("first", "last"), [(0, 0), (5, 99), ((5 << 20) - 3, (5 << 20) + 3)])
    def test_a_range_is_served(self, upload: Upload, endpoint: SeaweedEndpoint, first: int, last: int) -> None:
        """Exactly the bytes asked for, also across the seam of two parts."""
        upload.complete([upload.send(1, PART), upload.send(2, LAST_PART)])
        target = {"Bucket": endpoint.bucket, "Key": upload.target["Key"]}
        url = upload.s3.generate_presigned_url("get_object", target)
        status, headers, body = _request(url, headers={"Range": f"bytes={first}-{last}"})
        whole = PART + LAST_PART
        assert (status, body) == (206, whole[first : last + 1])
        assert headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"


class TestAccess:
    def test_a_bucket_that_does_not_exist_is_not_made_by_an_upload(self, endpoint: SeaweedEndpoint) -> None:
        """A mistyped bucket is an error."""
        assert _refusal(lambda: _client(endpoint).put_object(Bucket="typo", Key="film", Body=b"")) == "NoSuchBucket"
        assert _refusal(lambda: _client(endpoint).head_bucket(Bucket="typo")) == "404"

    @pytest.mark.parametrize(("method", "key"), [("GET", "film"), ("PUT", "film"), ("DELETE", "film"), ("GET", "")])
    def test_without_a_signature_nothing_is_allowed(self, endpoint: SeaweedEndpoint, method: str, key: str) -> None:
        """Neither objects nor lists are public."""
        _put(endpoint, "film", b"reel")
        status, _, _ = _request(f"{endpoint.url}/{endpoint.bucket}/{key}", method, b"" if method == "PUT" else None)
        assert status == 403
        assert _get(endpoint, "film") == b"reel"

    def test_the_inner_ports_do_not_give_objects_away(self, server: EmbeddedSeaweedFS) -> None:
        """The file service behind S3 asks for a signature of its own: it is no way around the credentials."""
        _put(server.endpoint, "film", b"reel")
        ports = msgspec.json.decode((server.folder / "ports.json").read_bytes())
        path = f"/buckets/{server.endpoint.bucket}/film"
        for method, body in (("GET", None), ("PUT", b"other"), ("DELETE", None)):
            status, _, _ = _request(f"http://127.0.0.1:{ports['filer']}{path}", method, body)
            assert status == 401
        assert _get(server.endpoint, "film") == b"reel"

    def test_it_listens_on_the_loopback_interface_alone(self, endpoint: SeaweedEndpoint) -> None:
        """No other machine can reach any of its ports."""
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(endpoint.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}

    def test_it_listens_on_the_ports_chosen_alone(self, server: EmbeddedSeaweedFS) -> None:
        """No service with a port of its own choice (admin pages, WebDAV, catalogues) comes with it."""
        ports = msgspec.json.decode((server.folder / "ports.json").read_bytes())
        listening = {
            connection.laddr.port
            for connection in psutil.Process(server.endpoint.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening <= {*ports.values(), ports["admin"] + 10_000}

    def test_there_are_no_admin_pages(self, server: EmbeddedSeaweedFS) -> None:
        """The maintenance service answers its health check and shows nothing else."""
        ports = msgspec.json.decode((server.folder / "ports.json").read_bytes())
        status, _, _ = _request(f"http://127.0.0.1:{ports['admin']}/")
        assert status == 404

    def test_telemetry_is_off(self, endpoint: SeaweedEndpoint) -> None:
        """It is on by default, and it would call home."""
        assert "-master.telemetry=false" in psutil.Process(endpoint.pid).cmdline()

    def test_secrets_are_in_no_command_line(self, endpoint: SeaweedEndpoint) -> None:
        """Command lines are public."""
        assert endpoint.secret_key not in " ".join(psutil.Process(endpoint.pid).cmdline())

    def test_the_secret_is_not_in_the_representation(self, endpoint: SeaweedEndpoint) -> None:
        """What ends up in logs and tracebacks holds no secret."""
        assert endpoint.secret_key not in repr(endpoint)


class TestCors:
    def test_an_upload_from_a_page_may_be_sent(self, upload: Upload) -> None:
        """The browser's question before the upload is answered with yes."""
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
        status, headers, _ = _request(upload.url(1), "OPTIONS", headers=asked)
        assert status == 200
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "PUT" in headers["Access-Control-Allow-Methods"]
        assert "content-type" in headers["Access-Control-Allow-Headers"]

    def test_the_etag_of_a_part_may_be_read_by_the_page(self, upload: Upload) -> None:
        """Without that, a page could not complete its upload."""
        _, headers, _ = _request(upload.url(1), "PUT", PART)
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "ETag" in headers["Access-Control-Expose-Headers"]

    def test_a_page_from_elsewhere_is_told_nothing(self, upload: Upload) -> None:
        """Only the origins named may read an answer."""
        _, headers, _ = _request(upload.url(1), "PUT", PART, {"Origin": "http://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in headers
