"""How we log in at PostgreSQL may change while the process runs."""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql
from tests.certificates import Authority
from tests.integration.common.test_jobs import NOTE, until, working
from tests.integration.common.test_notifications import heard

from matinee.common.config import Settings
from matinee.common.database import Database, DatabaseUnavailable, fetch_value
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.notifications import Notifications
from matinee.common.secret_file import SecretFile
from matinee.embedded.ports import LOOPBACK
from matinee.embedded.postgres import PostgresEndpoint

_END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s"


class Role:
    """A user of the database whose password is changed by others, and the file that tells us."""

    def __init__(self, admin: psycopg.Connection, url: str, file: Path) -> None:
        self.name = f"rotated_{secrets.token_hex(6)}"
        self._admin = admin
        self._name = sql.Identifier(self.name)
        self._place = url.rpartition("@")[2]
        self.file = file

    def change_password(self, password: str) -> None:
        """Whoever has logged in with the former one is put out."""
        self._admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(self._name, sql.Literal(password)))
        self._admin.execute(_END, (self.name,))

    def tell(self, password: str) -> None:
        self.file.write_text(f"postgresql://{self.name}:{password}@{self._place}\n")

    def make(self) -> None:
        """Logged in it is the owner of the database: as docs/operations.md tells vaults to make them."""
        self._admin.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE matinee").format(self._name))
        self._admin.execute(sql.SQL("ALTER ROLE {} SET role = matinee").format(self._name))
        self.change_password("first")
        self.tell("first")

    def drop(self) -> None:
        self._admin.execute(_END, (self.name,))
        self._admin.execute(sql.SQL("DROP ROLE {}").format(self._name))


@pytest.fixture
def role(settings: Settings, tmp_path: Path) -> Iterator[Role]:
    with psycopg.connect(settings.database_url, autocommit=True) as admin:
        role = Role(admin, settings.database_url, tmp_path / "database-url")
        role.make()
        yield role
        role.drop()


class TestPassword:
    async def test_a_new_one_is_followed_without_a_restart(self, role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
        """By what asks, what listens and what runs jobs; until it is told, the database is away."""
        monkeypatch.setattr("matinee.common.notifications._RECONNECT_SECONDS", 0.05)
        monkeypatch.setattr("psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY", 0.05)
        database = Database(SecretFile.read(role.file), size=4)
        await database.open()
        queue = JobQueue(database, heartbeat=0.2)
        notifications = Notifications(database.url)
        ran = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            ran.set()

        async def all_works() -> None:
            async with asyncio.timeout(20):
                async with database.transaction() as db:
                    await queue.enqueue(db, NOTE)
                await heard(notifications, database)
                await ran.wait()
                ran.clear()

        async def is_in() -> bool:
            with contextlib.suppress(DatabaseUnavailable):
                async with database.connection() as db:
                    return bool(await fetch_value(db, "SELECT true"))
            return False

        queue.register("note", note)
        listening = asyncio.create_task(notifications.listen())
        async with working(queue):
            await all_works()
            role.change_password("second")
            assert not await is_in()
            role.file.write_text("postgres")
            assert not await is_in()
            role.tell("second")
            await until(is_in)
            await all_works()
        listening.cancel()
        await database.close()

    async def test_open_connections_live_on(self, role: Role) -> None:
        """PostgreSQL asks for it once; a file that is empty for a moment changes nothing either."""
        database = Database(SecretFile.read(role.file), size=2)
        async with database.connection() as first:
            role.file.write_text("")
            async with database.connection() as second:
                assert [await fetch_value(db, "SELECT 1") for db in (first, second)] == [1, 1]
        await database.close()


class Door:
    """TLS before PostgreSQL, as its own: who shows no certificate of the authority does not come in."""

    def __init__(self, postgres: PostgresEndpoint, authority: Authority) -> None:
        self._postgres = postgres
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
        self._tls.verify_mode = ssl.CERT_REQUIRED
        self._tls.load_cert_chain(*authority.certify("server"))
        self.visitors: list[str] = []

    async def open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"S")
        with contextlib.suppress(OSError):
            await writer.start_tls(self._tls)
            self.visitors.append(dict(pair for [pair] in writer.get_extra_info("peercert")["subject"])["commonName"])
            behind = await asyncio.open_connection(LOOPBACK, self._postgres.port)
            await asyncio.gather(_copy(reader, behind[1]), _copy(behind[0], writer))
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def door(postgres: PostgresEndpoint, authority: Authority) -> AsyncIterator[tuple[Door, int]]:
    """And the port that it is at."""
    door = Door(postgres, authority)
    listening = await asyncio.start_server(door.open, LOOPBACK, 0)
    yield door, listening.sockets[0].getsockname()[1]
    listening.close()


class TestCertificate:
    async def test_it_is_shown_by_both_drivers_and_read_at_each_connection(
        self,
        settings: Settings,
        postgres: PostgresEndpoint,
        door: tuple[Door, int],
        authority: Authority,
        tmp_path: Path,
    ) -> None:
        """And the password, where one is asked for, is in a passfile: the address holds no secret."""
        opened, port = door
        certificate, key = authority.certify("matinee")
        passfile = tmp_path / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:*:{postgres.password}\n")
        files = {"sslrootcert": authority.certificate, "sslcert": certificate, "sslkey": key, "passfile": passfile}
        query = urlencode({"sslmode": "verify-full", **files})
        url = f"postgresql://{postgres.user}@{LOOPBACK}:{port}/{settings.database_url.rpartition('/')[2]}?{query}"

        async def come_in() -> None:
            async with Database(url, size=1).connection() as db:
                db.terminate()
            await (await psycopg.AsyncConnection.connect(url)).close()

        await come_in()
        assert opened.visitors == ["matinee", "matinee"]
        (tmp_path / "strangers").mkdir()
        for theirs, ours in zip(
            Authority(tmp_path / "strangers").certify("matinee"), (certificate, key), strict=True
        ):
            theirs.replace(ours)
        with pytest.raises(DatabaseUnavailable):
            await come_in()
        authority.certify("matinee")
        await come_in()
        assert len(opened.visitors) == 4
