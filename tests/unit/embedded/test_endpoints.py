"""Addresses of embedded servers."""

from pathlib import Path

import psycopg.conninfo
import pytest

from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.postgres import EmbeddedPostgres, PostgresEndpoint
from matinee.embedded.postgres_cluster import address_in_use
from matinee.embedded.seaweedfs_command import SeaweedPorts, choose_ports, read_ports

ENDPOINT = PostgresEndpoint(
    host="127.0.0.1",
    port=5433,
    socket_folder="/data/with space/run",
    user="matinee",
    password="0123456789abcdef",
    database="matinee",
    pid=42,
    owner_pid=41,
)


class TestPostgresEndpoint:
    def test_libpq_understands_the_tcp_address(self) -> None:
        """Host, port, user, password and database arrive as they were."""
        assert psycopg.conninfo.conninfo_to_dict(ENDPOINT.dsn) == {
            "host": "127.0.0.1",
            "port": "5433",
            "user": "matinee",
            "password": "0123456789abcdef",
            "dbname": "matinee",
        }

    def test_libpq_understands_the_socket_address(self) -> None:
        """Folders with unusual names too."""
        parts = psycopg.conninfo.conninfo_to_dict(ENDPOINT.socket_dsn)
        assert (parts["host"], parts["port"]) == ("/data/with space/run", "5433")

    def test_a_database_with_an_unusual_name_can_be_addressed(self) -> None:
        """Names are quoted for URLs."""
        assert psycopg.conninfo.conninfo_to_dict(ENDPOINT.dsn_of("a/b c?"))["dbname"] == "a/b c?"


class TestSharedServer:
    def test_there_is_no_endpoint_before_the_start(self, tmp_path: Path) -> None:
        """Asking too early is a programming error, told in a sentence."""
        with pytest.raises(EmbeddedServerError, match=f"PostgreSQL in {tmp_path} has not been started"):
            _ = EmbeddedPostgres(tmp_path).endpoint

    def test_stopping_what_was_not_started_is_no_error(self, tmp_path: Path) -> None:
        """Cleaning up twice is harmless."""
        EmbeddedPostgres(tmp_path).stop()


class TestSeaweedPorts:
    def test_no_port_is_chosen_twice(self) -> None:
        """Each part has its own, the two of the admin service 10,000 apart and valid."""
        ports = choose_ports(None)
        numbers = [getattr(ports, name) for name in SeaweedPorts.__struct_fields__] + [ports.admin_grpc]
        assert len(set(numbers)) == len(numbers)
        assert max(numbers) <= 65_535
        assert ports.admin_grpc == ports.admin + 10_000

    def test_the_port_asked_for_is_taken(self) -> None:
        """The S3 port is the one clients know."""
        assert choose_ports(8333).s3 == 8333

    @pytest.mark.parametrize("content", ["", "{", '{"s3": 1}', '{"s3": "x"}'])
    def test_a_damaged_note_of_ports_is_ignored(self, tmp_path: Path, content: str) -> None:
        """Ports are a preference; new ones do as well."""
        note = tmp_path / "ports.json"
        note.write_text(content)
        assert read_ports(note) is None


class TestAddressInUse:
    @pytest.mark.parametrize(
        ("log", "answer"),
        [
            ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', True),
            ('FATAL:  lock file "postmaster.pid" already exists', False),
            ("", False),
        ],
    )
    def test_a_taken_port_is_told_from_other_faults(self, log: str, answer: bool) -> None:
        """Only then does another port help."""
        assert address_in_use(log) is answer
