"""The embedded PostgreSQL: real server, real clients, real kills."""

import os
import pwd
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from matinee.embedded.databases import create_database, drop_database, ensure_template
from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.postgres import EmbeddedPostgres, PostgresEndpoint


def _add_row(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS film (title text)")
        connection.execute("INSERT INTO film VALUES ('Sherlock Jr.')")


def _count_rows(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM film").fetchone()
    assert row is not None
    return int(row[0])


def _setting(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="module")
def endpoint(module_folder: Path) -> Iterator[PostgresEndpoint]:
    """A running disposable server."""
    with EmbeddedPostgres(module_folder, durable=False) as server:
        yield server.endpoint


class TestStart:
    def test_the_database_is_there_at_once(self, folder: Path) -> None:
        """After `start()` the database named exists, in UTF-8, and sorts by code point."""
        with EmbeddedPostgres(folder, database="films") as server, psycopg.connect(server.endpoint.dsn) as connection:
            row = connection.execute(
                "SELECT datname, pg_encoding_to_char(encoding), datlocale FROM pg_database"
                " WHERE datname = current_database()"
            ).fetchone()
        assert row == ("films", "UTF8", "C.UTF-8")

    def test_the_socket_serves_as_well(self, folder: Path) -> None:
        """Processes of this machine can use the UNIX socket."""
        with EmbeddedPostgres(folder) as server:
            _add_row(server.endpoint.socket_dsn)
            assert _count_rows(server.endpoint.dsn) == 1

    def test_a_folder_too_deep_for_a_socket_is_no_obstacle(self, folder: Path) -> None:
        """A socket's path is limited to 107 bytes; longer ones get a short folder elsewhere, the same each time."""
        deep = folder / ("d" * 60) / ("e" * 60)
        with EmbeddedPostgres(deep) as server:
            _add_row(server.endpoint.socket_dsn)
            first = server.endpoint.socket_folder
        with EmbeddedPostgres(deep) as server:
            assert server.endpoint.socket_folder == first
            assert _count_rows(server.endpoint.socket_dsn) == 1
        shutil.rmtree(first)

    def test_one_who_attaches_may_want_another_database(self, folder: Path) -> None:
        """Each process names the database it wants; it is made if need be."""
        with EmbeddedPostgres(folder), EmbeddedPostgres(folder, database="other") as attached:
            assert not attached.owned
            assert _setting(attached.endpoint.dsn, "port") == str(attached.endpoint.port)

    def test_a_port_taken_meanwhile_is_replaced(self, folder: Path) -> None:
        """The last port is preferred, not insisted on."""
        with EmbeddedPostgres(folder) as server:
            port = server.endpoint.port
        with EmbeddedPostgres(folder.with_name("other"), port=port), EmbeddedPostgres(folder) as server:
            assert server.endpoint.port != port

    def test_a_fixed_port_that_is_taken_is_explained(self, folder: Path) -> None:
        """A port that was asked for is insisted on, and the log's words are repeated."""
        with EmbeddedPostgres(folder) as server:
            other = EmbeddedPostgres(folder.with_name("other"), port=server.endpoint.port)
            with pytest.raises(EmbeddedServerError, match="Address already in use"):
                other.start()

    def test_a_stale_pid_file_is_no_obstacle(self, folder: Path) -> None:
        """The number a killed server left behind may belong to any other process by now."""
        with EmbeddedPostgres(folder) as server:
            owner_of_data = (folder / "pgdata").stat()
            assert server.owned
        stale = folder / "pgdata" / "postmaster.pid"
        stale.write_text(f"{os.getpid()}\n{folder / 'pgdata'}\n")
        os.chown(stale, owner_of_data.st_uid, owner_of_data.st_gid)
        with EmbeddedPostgres(folder) as server:
            assert server.owned

    def test_an_interrupted_first_start_leaves_nothing_half_made(
        self, folder: Path, hold: Callable[..., Any], eventually: Any, processes_of: Any
    ) -> None:
        """kill -9 while the data directory is being made: the next start makes it anew."""
        holder = hold("postgres")
        assert eventually((folder / "pgdata.new" / "PG_VERSION").exists)
        holder.kill()
        assert eventually(lambda: not processes_of(folder))
        with EmbeddedPostgres(folder) as server:
            _add_row(server.endpoint.dsn)

    def test_data_of_another_major_version_is_refused_in_a_sentence(self, folder: Path) -> None:
        """Data is never touched by a version that cannot open it; the way out is named."""
        with EmbeddedPostgres(folder):
            pass
        (folder / "pgdata" / "PG_VERSION").write_text("17\n")
        with pytest.raises(EmbeddedServerError, match=r"written by PostgreSQL 17, .* brings PostgreSQL 18"):
            EmbeddedPostgres(folder).start()

    def test_a_lost_password_is_told(self, folder: Path) -> None:
        """Existing data without its password file is a case for a person."""
        with EmbeddedPostgres(folder):
            pass
        (folder / "password").unlink()
        with pytest.raises(EmbeddedServerError, match=r"its password, .*password, is gone"):
            EmbeddedPostgres(folder).start()

    def test_a_server_that_cannot_start_says_why(self, folder: Path) -> None:
        """The end of the server's log is part of the error."""
        with EmbeddedPostgres(folder):
            pass
        (folder / "pgdata" / "global" / "pg_control").unlink()
        with pytest.raises(EmbeddedServerError, match=r"ended while starting .*\n(.*\n)*.*pg_control"):
            EmbeddedPostgres(folder).start()


class TestAsRoot:
    @pytest.mark.usefixtures("needs_root")
    def test_the_server_runs_as_somebody_else(self, folder: Path) -> None:
        """PostgreSQL refuses to be root: `postgres` or else `nobody` stands in."""
        with EmbeddedPostgres(folder) as server:
            name = psutil.Process(server.endpoint.pid).username()
        assert name in {"postgres", "nobody"}

    @pytest.mark.usefixtures("needs_root")
    def test_the_owner_of_the_folder_is_preferred(self, folder: Path) -> None:
        """In a user's folder the server runs as that user, who can go on with it later."""
        nobody = pwd.getpwnam("nobody")
        folder.mkdir()
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        with EmbeddedPostgres(folder) as server:
            assert psutil.Process(server.endpoint.pid).username() == "nobody"
        assert {path.stat().st_uid for path in folder.rglob("*")} == {nobody.pw_uid}

    @pytest.mark.usefixtures("needs_root")
    def test_a_folder_closed_to_the_server_gets_its_data_elsewhere(self, folder: Path) -> None:
        """Below /root, say, nobody else may pass: the data lies elsewhere, and a file says where, for good."""
        folder.mkdir(mode=0o700)
        elsewhere = folder.with_name("elsewhere")
        with EmbeddedPostgres(folder, relocation_root=elsewhere) as server:
            _add_row(server.endpoint.dsn)
        home = Path((folder / "location").read_text().strip())
        assert home.parent == elsewhere
        assert (home / "pgdata" / "PG_VERSION").exists()
        with EmbeddedPostgres(folder, relocation_root=elsewhere) as server:
            assert _count_rows(server.endpoint.dsn) == 1

    @pytest.mark.usefixtures("needs_root")
    def test_an_installation_closed_to_the_server_is_copied(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A virtual environment below /root, say, is out of the account's reach: a copy lies beside the data."""
        monkeypatch.setattr("matinee.embedded.installation.can_run", lambda account, program: False)
        with EmbeddedPostgres(folder) as server:
            assert Path(psutil.Process(server.endpoint.pid).exe()).is_relative_to(folder)

    @pytest.mark.usefixtures("needs_root")
    def test_with_nowhere_to_go_it_says_so(self, folder: Path) -> None:
        """If the account can reach no place at all, the sentence names both places tried."""
        folder.mkdir(mode=0o700)
        closed = folder / "closed"
        with pytest.raises(EmbeddedServerError, match=f"can reach neither {folder} nor {closed}"):
            EmbeddedPostgres(folder, relocation_root=closed).start()


class TestCrash:
    def test_rows_survive_a_kill_of_the_server(self, folder: Path) -> None:
        """kill -9 loses nothing that was committed."""
        with EmbeddedPostgres(folder) as server:
            _add_row(server.endpoint.dsn)
            os.kill(server.endpoint.pid, signal.SIGKILL)
            assert _count_rows(server.start().dsn) == 1

    def test_rows_survive_a_kill_of_a_disposable_server(self, folder: Path) -> None:
        """Without fsync too: the operating system has the data."""
        with EmbeddedPostgres(folder, durable=False) as server:
            _add_row(server.endpoint.dsn)
            os.kill(server.endpoint.pid, signal.SIGKILL)
            assert _count_rows(server.start().dsn) == 1

    def test_rows_survive_a_kill_of_the_owner(self, folder: Path, hold: Callable[..., Any]) -> None:
        """kill -9 of the process that started it: the next start has everything."""
        owner = hold("postgres")
        _add_row(PostgresEndpoint(**owner.endpoint).dsn)
        owner.kill()
        with EmbeddedPostgres(folder) as server:
            assert _count_rows(server.endpoint.dsn) == 1


class TestAccess:
    @pytest.mark.parametrize("password", ["", "wrong", "matinee", "postgres"])
    def test_tcp_asks_for_the_password(self, endpoint: PostgresEndpoint, password: str) -> None:
        """Nobody gets in by TCP without it, whatever user they say they are."""
        for user in (endpoint.user, "postgres", "root"):
            with pytest.raises(psycopg.OperationalError, match=r"password|no password supplied"):
                psycopg.connect(
                    host=endpoint.host, port=endpoint.port, user=user, password=password, dbname="postgres"
                )

    def test_the_socket_asks_for_the_password(self, endpoint: PostgresEndpoint) -> None:
        """Nor by the socket."""
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=endpoint.socket_folder, port=endpoint.port, user=endpoint.user, password="wrong",
                dbname="postgres",
            )  # fmt: skip

    def test_no_rule_trusts_anybody(self, endpoint: PostgresEndpoint) -> None:
        """Every rule of the server asks for scram-sha-256."""
        with psycopg.connect(endpoint.dsn) as connection:
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert methods == [("scram-sha-256",)]

    def test_it_listens_on_the_loopback_interface_alone(self, endpoint: PostgresEndpoint) -> None:
        """No other machine can reach it."""
        listening = {
            connection.laddr.ip
            for connection in psutil.Process(endpoint.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}

    def test_the_password_is_in_no_command_line(self, endpoint: PostgresEndpoint) -> None:
        """Command lines are public."""
        assert endpoint.password not in " ".join(psutil.Process(endpoint.pid).cmdline())

    def test_the_password_is_not_in_the_representation(self, endpoint: PostgresEndpoint) -> None:
        """What ends up in logs and tracebacks holds no secret."""
        assert endpoint.password not in repr(endpoint)


class TestDatabases:
    def test_a_copy_has_what_the_template_has(self, endpoint: PostgresEndpoint) -> None:
        """A database made from a template starts with its rows, and the template stays as it is."""
        ensure_template(endpoint, "with_one_film", _add_row)
        for name in ("one", "two"):
            dsn = create_database(endpoint, name, template="with_one_film")
            _add_row(dsn)
            assert _count_rows(dsn) == 2

    def test_a_template_is_built_once(self, endpoint: PostgresEndpoint) -> None:
        """Those who ask at the same time wait for the one who builds."""
        built: list[str] = []
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: ensure_template(endpoint, "built_once", built.append), range(4)))
        assert len(built) == 1

    def test_a_template_whose_building_failed_is_built_again(self, endpoint: PostgresEndpoint) -> None:
        """A failure leaves nothing that would be taken for a template."""

        def fail(dsn: str) -> None:
            _add_row(dsn)
            raise ValueError("migration failed")

        with pytest.raises(ValueError, match="migration failed"):
            ensure_template(endpoint, "second_try", fail)
        ensure_template(endpoint, "second_try", _add_row)
        assert _count_rows(create_database(endpoint, "third", template="second_try")) == 1

    def test_dropping_ends_connections(self, endpoint: PostgresEndpoint) -> None:
        """A test that forgot a connection does not keep its database alive."""
        with psycopg.connect(create_database(endpoint, "forgotten")) as connection:
            drop_database(endpoint, "forgotten")
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

    def test_dropping_what_is_not_there_is_no_error(self, endpoint: PostgresEndpoint) -> None:
        """Cleaning up twice is harmless."""
        drop_database(endpoint, "never_there")
