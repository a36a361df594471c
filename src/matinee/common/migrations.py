"""Schema migrations: plain SQL files in `migrations/`, run by yoyo under an advisory lock.

A migrator that is killed rolls back its unfinished file and leaves nothing locked; running again goes on. One that
waits for a lock gives up soon and tries again: whoever comes behind it, on a site that is running, waits as long.
"""

import time
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
import structlog
import yoyo

from matinee.common.database import Connection, fetch_value

log = structlog.get_logger()

_LOCK_SECONDS = 2  # that a statement waits for a lock: so long at most the site stands still behind it
_PAUSE_SECONDS = 5.0  # for what waited meanwhile
_TRIES = 120  # ten minutes and more: a query that takes longer is one to be looked at
_LOCK = 0x6D6174696E6565  # "matinee"
_PACKAGED = Path(__file__).parents[1] / "_migrations"
_CHECKOUT = Path(__file__).parents[3] / "migrations"


def migrations_folder() -> Path:
    """Where the files are: inside an installed package, or beside `src/` in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def migrate(database_url: str) -> list[str]:
    """Applies what is missing, one transaction a file; returns the ids. Several callers at once are safe.

    Raises LockNotAvailable where something keeps a table locked for all the time that it is tried.
    """
    files = _read()  # once: yoyo takes them apart, which is most of the work
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        backend = yoyo.get_backend(_yoyo_url(database_url))
        try:
            backend.break_lock()  # ours is the advisory lock; yoyo's own outlives a killed migrator
            missing = backend.to_apply(files)
            with backend.lock():
                _apply(backend, files)
            return [migration.id for migration in missing]
        finally:
            backend.connection.close()


def _apply(backend: yoyo.backends.DatabaseBackend, files: yoyo.migrations.MigrationList) -> None:
    for left in reversed(range(_TRIES)):
        try:
            backend.apply_migrations(backend.to_apply(files))
        except psycopg.errors.LockNotAvailable:
            if left == 0:
                raise
            log.warning("migration_waits", tries_left=left)
            time.sleep(_PAUSE_SECONDS)
        else:
            return


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
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -c lock_timeout={_LOCK_SECONDS}s".strip()
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, urlencode(query, quote_via=quote), ""))
