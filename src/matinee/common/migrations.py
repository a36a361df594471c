"""Schema migrations: plain SQL files in `migrations/`, run by yoyo under an advisory lock.

A migrator that is killed rolls back its unfinished file and leaves nothing locked; running again goes on.
"""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import yoyo

from matinee.common.database import Connection, fetch_value

_LOCK = 0x6D6174696E6565  # "matinee"
_PACKAGED = Path(__file__).parents[1] / "_migrations"
_CHECKOUT = Path(__file__).parents[3] / "migrations"


def migrations_folder() -> Path:
    """Where the files are: inside an installed package, or beside `src/` in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def migrate(database_url: str) -> list[str]:
    """Applies what is missing, one transaction a file; returns the ids. Several callers at once are safe."""
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        backend = yoyo.get_backend(_yoyo_url(database_url))
        try:
            backend.break_lock()  # ours is the advisory lock; yoyo's own outlives a killed migrator
            missing = backend.to_apply(_read())
            with backend.lock():
                backend.apply_migrations(missing)
            return [migration.id for migration in missing]
        finally:
            backend.connection.close()


async def missing_migrations(db: Connection) -> list[str]:
    """The ids of migrations that the database has not seen."""
    if await fetch_value(db, "SELECT to_regclass('_yoyo_migration')::text") is None:
        return [migration.id for migration in _read()]
    applied = await fetch_value(db, "SELECT array_agg(migration_id) FROM _yoyo_migration") or []
    return [migration.id for migration in _read() if migration.id not in applied]


def _read() -> yoyo.migrations.MigrationList:
    return yoyo.read_migrations(str(migrations_folder()))


def _yoyo_url(database_url: str) -> str:
    parts = urlsplit(database_url)
    return urlunsplit(("postgresql+psycopg", *parts[1:]))
