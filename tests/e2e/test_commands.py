"""The command line, as an operator types it."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.e2e.installation import PASSWORD, Installation
from tests.forks import matinee
from tests.open_folders import open_folder


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder for servers of our own."""
    with open_folder() as folder:
        yield folder / "data"


class TestDemo:
    def test_it_goes_the_whole_way_and_starts_again(self, data: Path, film: Path) -> None:
        """Servers, account, upload, encoding; the second start finds data and secrets of the first."""
        first = matinee("demo", str(film), "--exit", "--data", str(data), "--port", "0")
        assert first.returncode == 0, first.stdout + first.stderr
        assert re.search(r"Watch +http://localhost:\d+/watch/[0-9a-f-]{36}", first.stdout)
        assert re.search(r"playable +\d+\.\d\d", first.stdout)
        secrets = data / "secrets.json"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        password = json.loads(secrets.read_text())["demo_password"]
        again = matinee("demo", str(film), "--exit", "--data", str(data), "--port", "0")
        assert again.returncode == 0, again.stdout + again.stderr
        assert password in again.stdout

    @pytest.mark.soak
    def test_a_proxy_is_not_asked_for_what_is_on_this_machine(self, data: Path, film: Path) -> None:
        """It is meant for the world outside."""
        proxy = "http://127.0.0.1:1"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        env = {**clean, "http_proxy": proxy, "HTTP_PROXY": proxy, "https_proxy": proxy, "ALL_PROXY": proxy}
        ended = matinee("demo", str(film), "--exit", "--data", str(data), "--port", "0", env=env)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def test_a_file_that_is_no_video_is_told_in_a_sentence(self, tmp_path: Path, data: Path) -> None:
        """With its code, and exit status 1."""
        text = tmp_path / "notes.mp4"
        text.write_text("These are my notes." * 100)
        ended = matinee("demo", str(text), "--exit", "--data", str(data), "--port", "0")
        assert ended.returncode == 1
        assert "(not_a_video)" in ended.stderr


class TestDev:
    @pytest.mark.parametrize(
        "number",
        [*(pytest.param(mild, marks=pytest.mark.soak) for mild in (signal.SIGINT, signal.SIGHUP)), signal.SIGKILL],
    )
    def test_however_it_ends_no_process_is_left(self, data: Path, number: signal.Signals) -> None:
        """Ctrl-C, a closed terminal, a kill: servers, API and worker end with it."""
        command = [sys.executable, "-m", "matinee.cli", "dev", "--data", str(data), "--port", "0"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, text=True) as dev:
            assert dev.stdout is not None
            assert re.match(r"Matinee +http://localhost:\d+", dev.stdout.readline())
            family = psutil.Process(dev.pid).children(recursive=True)
            assert len(family) >= 4
            dev.send_signal(number)
            _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive


class TestServe:
    def test_without_settings_every_missing_one_is_named(self) -> None:
        """All at once, by variable."""
        ended = matinee("serve")
        assert ended.returncode == 1
        for name in ("DATABASE_URL", "S3_BUCKET"):
            assert f"MATINEE_{name}: This field is required." in ended.stderr
        for name in ("JWT_KEYS", "SECRET_KEY"):
            assert f"MATINEE_{name}: This is required, or MATINEE_" in ended.stderr


class TestWorker:
    def test_one_that_cannot_start_says_why_in_json(self, installation: Installation) -> None:
        """As all its lines are."""
        env = {**installation.environment(), "MATINEE_DATABASE_URL": installation.postgres.endpoint.dsn_of("nowhere")}
        ended = matinee("worker", env=env)
        assert ended.returncode == 1
        lines = [json.loads(line) for line in ended.stderr.splitlines()]
        assert (lines[-1]["event"], lines[-1]["level"]) == ("worker_failed", "error")
        assert "InvalidCatalogNameError" in lines[-1]["exception"]


class TestDoctor:
    def test_a_sound_installation_passes(self, installation: Installation) -> None:
        """A line for each thing, and exit status 0. Browsers name an origin without the slash behind the address."""
        ended = matinee("doctor", env={**installation.environment(), "MATINEE_PUBLIC_URL": f"{installation.url}/"})
        assert ended.returncode == 0, ended.stdout
        assert f"The bucket lets {installation.url} upload." in ended.stdout
        assert "FAULT" not in ended.stdout
        for what in (
            "settings",
            "database",
            "storage",
            "cors",
            "ffmpeg",
            "encoder",
            "sandbox",
            "scratch",
            "cells",
            "delivery",
            "pages",
        ):
            assert f" {what} " in ended.stdout

    def test_what_is_wrong_is_told_in_a_sentence(self, installation: Installation) -> None:
        """A bucket that is not there, an origin that the bucket does not know, a program that is not there."""
        wrong = {
            "MATINEE_S3_BUCKET": "no-such-bucket",
            "MATINEE_PUBLIC_URL": "https://elsewhere.example.org",
            "MATINEE_COOKIE_SECURE": "true",
            "MATINEE_FFMPEG_PATH": "/no/such/ffmpeg",
            "MATINEE_DELIVERY": "cdn",
            "MATINEE_CDN_URL": "https://cdn.example.org",
            "MATINEE_CDN_SIGNING": "cloudfront",
            "MATINEE_CDN_KEY_ID": "K2JCJMDEHXQW5F",
            "MATINEE_CDN_KEY_FILE": "/no/such/key.pem",
        }
        ended = matinee("doctor", env={**installation.environment(), **wrong})
        assert ended.returncode == 1
        assert (
            "bucket 'no-such-bucket': The bucket does not exist; create it by `matinee setup-storage`."
            in ended.stdout
        )
        assert "/no/such/ffmpeg" in ended.stdout
        assert "MATINEE_CDN_KEY_FILE: " in ended.stdout
        assert ended.stdout.count("FAULT") >= 2

    def test_folders_that_cannot_be_used_are_told(self, installation: Installation, tmp_path: Path) -> None:
        """And nothing is made: it would belong to whoever ran the doctor."""
        (tmp_path / "file").touch()
        wrong = {
            "MATINEE_SCRATCH_DIR": str(tmp_path / "scratch"),
            "MATINEE_SCRATCH_BYTES": str(2**60),
            "MATINEE_CELL_CACHE_DIR": str(tmp_path / "file" / "cells"),
        }
        ended = matinee("doctor", env={**installation.environment(), **wrong})
        assert ended.returncode == 1
        assert re.search(r"FAULT scratch +\S+/scratch has \d+ MiB free of the 1099511627776 MiB", ended.stdout)
        assert re.search(r"FAULT cells +\S+/file/cells cannot be made: \S+/file is no folder\.", ended.stdout)
        assert ended.stdout.count("FAULT") == 2
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_an_encoder_that_this_machine_lacks_is_told(self, installation: Installation) -> None:
        """With what to do instead."""
        wrong = {"MATINEE_H264_ENCODER": "h264_vaapi", "MATINEE_VAAPI_DEVICE": "/dev/null"}
        ended = matinee("doctor", env={**installation.environment(), **wrong})
        assert ended.returncode == 1
        assert re.search(r"FAULT encoder .* on /dev/null: .* set MATINEE_H264_ENCODER=libx264", ended.stdout)
        assert ended.stdout.count("FAULT") == 1

    def test_a_database_that_is_away_is_told(self, installation: Installation) -> None:
        """Without the password in the sentence."""
        url = "postgresql://ada:hidden-password@127.0.0.1:1/matinee"
        ended = matinee("doctor", env={**installation.environment(), "MATINEE_DATABASE_URL": url})
        assert ended.returncode == 1
        assert "127.0.0.1:1/matinee does not let us in" in ended.stdout
        assert "hidden-password" not in ended.stdout + ended.stderr


class TestUser:
    def test_the_first_administrator_comes_from_the_command_line(self, installation: Installation) -> None:
        """And signs in as ADMIN; a second account with the address is refused."""
        env = {**installation.environment(), "MATINEE_PASSWORD": PASSWORD}
        command = ("user", "create", "root@example.org", "--name", "Root", "--admin")
        assert matinee(*command, env=env).returncode == 0
        body = {"email": "root@example.org", "password": PASSWORD}
        answer = httpx.post(f"{installation.url}/api/v1/auth/login", json=body)
        assert answer.json()["user"]["role"] == "ADMIN"
        again = matinee(*command, env=env)
        assert again.returncode == 1
        assert "An account with this e-mail address exists" in again.stderr

    def test_a_forgotten_password_is_replaced(self, installation: Installation) -> None:
        """The account is signed out; the former password is refused, and one that is easily guessed, too."""
        env = {**installation.environment(), "MATINEE_PASSWORD": PASSWORD}
        assert matinee("user", "create", "lost@example.org", "--name", "Lost", env=env).returncode == 0
        body = {"email": "lost@example.org", "password": PASSWORD}
        login = f"{installation.url}/api/v1/auth/login"
        refresh = httpx.post(login, json=body).json()["refresh_token"]
        env["MATINEE_PASSWORD"] = "password1234"
        assert matinee("user", "password", "lost@example.org", env=env).returncode == 1
        env["MATINEE_PASSWORD"] = another = "seven herons over the weir"
        assert matinee("user", "password", "lost@example.org", env=env).returncode == 0
        assert httpx.post(login, json=body).status_code == 401
        assert httpx.post(login, json={**body, "password": another}).status_code == 200
        assert (
            httpx.post(f"{installation.url}/api/v1/auth/refresh", json={"refresh_token": refresh}).status_code == 401
        )

    def test_a_quota_is_set_and_shown(self, installation: Installation) -> None:
        """By the address of the account; what is not named stays, and a bad number is told."""
        env = {**installation.environment(), "MATINEE_PASSWORD": PASSWORD}
        assert matinee("user", "create", "eve@example.org", "--name", "Eve", env=env).returncode == 0
        quota = ("user", "quota", "eve@example.org")
        shown = matinee(*quota, "--bytes", "2000000000", env=env).stdout
        assert shown == "0 bytes stored, of 2.0 GB · 0.0 minutes, no limit · 0 videos\n"
        assert json.loads(matinee(*quota, "--minutes", "90", "--json", env=env).stdout)["chosen"] == {
            "bytes": 2_000_000_000,
            "minutes": 90,
        }
        assert matinee(*quota, "--bytes", "much", env=env).returncode == 1
        assert "no account" in matinee("user", "quota", "nobody@example.org", env=env).stderr


class TestUpload:
    def test_a_program_uploads_by_an_api_key(self, installation: Installation, film: Path, tmp_path: Path) -> None:
        """With no password; without the scopes it hears which one it lacks."""
        other = tmp_path / film.name
        other.write_bytes(film.read_bytes() + b"\0\0\0\x0cfreekeys")  # no file is taken twice
        env = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        ended = []
        for scopes in (["videos:read"], ["videos:read", "uploads:write"]):
            body = {"password": PASSWORD, "name": "Shell", "scopes": scopes}
            made = installation.client.post("/api/v1/api-keys", json=body, headers=installation.headers).json()
            env["MATINEE_API_KEY"] = made["secret"]
            ended.append(matinee("upload", str(other), "--url", installation.url, env=env))
        assert [each.returncode for each in ended] == [1, 0], ended[1].stderr
        assert "`uploads:write`" in ended[0].stderr
        assert "every rendition encoded" in ended[1].stdout

    def test_a_file_is_uploaded_and_followed(self, installation: Installation, film: Path, tmp_path: Path) -> None:
        """Until every rendition exists."""
        other = tmp_path / film.name
        other.write_bytes(film.read_bytes() + b"\0\0\0\x08free")  # no file is taken twice
        account = {"MATINEE_EMAIL": "ada@example.org", "MATINEE_PASSWORD": PASSWORD}
        env = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")} | account
        ended = matinee("upload", str(other), "--url", installation.url, "--title", "From a shell", env=env)
        assert ended.returncode == 0, ended.stderr
        assert "every rendition encoded" in ended.stdout
        mine = installation.client.get("/api/v1/videos/mine", headers=installation.headers).json()["items"]
        assert mine[0]["title"] == "From a shell"

    def test_a_server_that_is_not_there_is_told_in_a_sentence(self, film: Path) -> None:
        """Not by a traceback."""
        account = ("--email", "ada@example.org", "--password", PASSWORD)
        ended = matinee("upload", str(film), "--url", "http://127.0.0.1:1", *account)
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: http://127.0.0.1:1 does not answer: ")


class TestImport:
    def test_why_a_file_is_not_fetched_is_told(self, installation: Installation) -> None:
        """In a sentence: this server fetches nothing from itself."""
        account = ("--email", "ada@example.org", "--password", PASSWORD)
        ended = matinee("import", "http://localhost:22/film.mp4", "--url", installation.url, *account)
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: The address leads to a network or a port"), ended.stderr


class TestSetupStorage:
    def test_it_makes_a_bucket_that_browsers_may_upload_to(self, installation: Installation) -> None:
        """Repeatable; the doctor agrees."""
        env = {**installation.environment(), "MATINEE_S3_BUCKET": "another-bucket"}
        for _ in range(2):
            assert matinee("setup-storage", env=env).returncode == 0
        ended = matinee("doctor", env=env)
        assert ended.returncode == 0, ended.stdout
