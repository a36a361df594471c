"""The schema: migrations make it, a snapshot shows it, several migrators at once do no harm."""

import concurrent.futures
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from scripts.dump_schema import dump

from matinee.common import migrations
from matinee.common.database import Database
from matinee.common.migrations import migrate, missing_migrations
from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.postgres import PostgresEndpoint

_SNAPSHOT = Path(__file__).parents[3] / "contract" / "schema.sql"


@pytest.fixture
def empty_database(postgres: PostgresEndpoint) -> Iterator[str]:
    """A database without a schema."""
    name = f"empty_{secrets.token_hex(6)}"
    yield create_database(postgres, name)
    drop_database(postgres, name)


class TestMigrate:
    def test_again_there_is_nothing_to_do(self, empty_database: str) -> None:
        """The first call applies all, the second none."""
        assert len(migrate(empty_database)) >= 3
        assert migrate(empty_database) == []

    def test_several_at_once_apply_each_once(self, empty_database: str) -> None:
        """One waits for the other."""
        with concurrent.futures.ThreadPoolExecutor(3) as threads:
            applied = list(threads.map(migrate, [empty_database] * 3))
        assert sorted(map(len, applied))[:2] == [0, 0]

    def test_a_killed_migrator_leaves_nothing_locked(self, empty_database: str) -> None:
        """Its row in yoyo's lock table is swept aside."""
        migrate(empty_database)
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 99999999)")
        assert migrate(empty_database) == []

    def test_behind_a_long_query_it_makes_way(
        self, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It does not wait in front of all that comes later; it tries again when the lock may be free."""
        (tmp_path / "0001_wider.sql").write_text("ALTER TABLE held ADD COLUMN more integer;")
        monkeypatch.setattr(migrations, "migrations_folder", lambda: tmp_path)
        monkeypatch.setattr(migrations, "_LOCK_SECONDS", 0.05)
        with psycopg.connect(empty_database) as reader:
            reader.execute("CREATE TABLE held ()")
            reader.commit()
            reader.execute("SELECT FROM held")
            monkeypatch.setattr("matinee.common.migrations.time.sleep", lambda _: reader.commit())
            assert migrate(empty_database) == ["0001_wider"]
            reader.execute("SELECT more FROM held")
            monkeypatch.setattr("matinee.common.migrations.time.sleep", lambda _: None)
            monkeypatch.setattr(migrations, "_TRIES", 2)
            (tmp_path / "0002_narrower.sql").write_text("ALTER TABLE held DROP COLUMN more;")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                migrate(empty_database)

    async def test_what_is_missing_is_named(self, empty_database: str, database: Database) -> None:
        """None after the migration, all before it."""
        before = Database(empty_database, size=2)
        await before.open()
        async with before.connection() as db:
            assert "0001_accounts" in await missing_migrations(db)
        await before.close()
        async with database.connection() as db:
            assert await missing_migrations(db) == []


def test_the_snapshot_is_what_the_migrations_make(database_url: str) -> None:
    """`make schema` after a new migration; the diff is the review."""
    assert dump(database_url) == _SNAPSHOT.read_text()
