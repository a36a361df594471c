"""A database for each test as the migrations leave one: a new copy, or one that was swept after another test."""

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.postgres import PostgresEndpoint

_GROWTH = 4 << 20  # bytes; what was deleted stays in the files, where the next test would have to read through it

_SIZE = "SELECT pg_database_size(current_database())"
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_CATALOGS = ["attrdef", "attribute", "class", "constraint", "index", "namespace", "proc", "trigger", "type"]
# What was altered has a younger row than before, or one less.
_LOOK = sql.SQL("SELECT ARRAY[count(*), max(xmin::text::bigint)] FROM {}")
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_UNBOUND = sql.SQL("SET session_replication_role = replica")  # by references and triggers
_DELETE = sql.SQL("DELETE FROM {}")
_RESTART = sql.SQL("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")
_RENAME = sql.SQL("ALTER DATABASE {} RENAME TO {}")


class Databases:
    """One process's databases, all of them copies of one template."""

    def __init__(self, endpoint: PostgresEndpoint, template: str) -> None:
        self._endpoint = endpoint
        self._template = template
        first = self._copy()
        with self._connect(first) as connection:
            counts = {name: self._look(connection, [name])[0][0] for name in connection.execute(_TABLES).fetchall()}
            self._filled = [*(f"pg_{name}" for name in _CATALOGS), *(name for name in counts if counts[name])]
            self._looks = self._look(connection, self._filled)
            self._most_bytes = connection.execute(_SIZE).fetchall()[0] + _GROWTH
        deletions = [_DELETE.format(sql.Identifier(name)) for name in counts if not counts[name]]
        self._sweeping = sql.SQL(";").join([_UNBOUND, *deletions, _RESTART])
        self._swept = [first]

    def take(self) -> str:
        """The URL of a database that nobody else knows."""
        if not self._swept:
            return self._endpoint.dsn_of(self._copy())
        name = _new_name()  # whoever knew the former one does not come back
        with self._connect("postgres") as connection:
            connection.execute(_RENAME.format(sql.Identifier(self._swept.pop()), sql.Identifier(name)))
        return self._endpoint.dsn_of(name)

    def give_back(self, url: str) -> None:
        """Keeps the database for another test, or drops it."""
        name = url.rpartition("/")[2]
        with contextlib.suppress(psycopg.Error):
            if self._sweep(name):
                self._swept.append(name)
                return
        drop_database(self._endpoint, name)

    def _copy(self) -> str:
        name = _new_name()
        create_database(self._endpoint, name, template=self._template)
        return name

    def _sweep(self, name: str) -> bool:
        """Empties what was empty; False where that does not make it a copy of the template."""
        with self._connect(name) as connection:
            connection.execute(_END_OTHERS)
            if self._look(connection, self._filled) != self._looks:
                return False
            if connection.execute(_SIZE).fetchall()[0] > self._most_bytes:
                return False
            connection.execute(self._sweeping)
        return True

    @contextlib.contextmanager
    def _connect(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        url = self._endpoint.dsn_of(name)
        with psycopg.connect(url, autocommit=True, connect_timeout=10, row_factory=scalar_row) as connection:
            yield connection

    @staticmethod
    def _look(connection: psycopg.Connection[Any], tables: list[str]) -> list[Any]:
        looks = sql.SQL(" UNION ALL ").join(_LOOK.format(sql.Identifier(table)) for table in tables)
        return connection.execute(looks).fetchall()


def _new_name() -> str:
    return f"test_{secrets.token_hex(6)}"
