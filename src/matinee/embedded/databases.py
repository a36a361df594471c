"""Databases for tests: one template built by the real migrations, copied for each test in some milliseconds."""

from collections.abc import Callable
from typing import LiteralString

import psycopg
from psycopg import sql

from matinee.embedded.postgres import PostgresEndpoint


def ensure_template(endpoint: PostgresEndpoint, name: str, build: Callable[[str], None]) -> None:
    """Make the template database `name` unless it exists; `build` gets the URL of an empty database to fill.

    Processes that ask at once wait for the first, and `build` runs once. When it fails, nothing is left, and
    the next caller tries again. Put what the content depends on (a hash of the migrations) into the name.
    """
    unfinished = f"{name}_unfinished"
    with _maintenance(endpoint) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"template {name}"])
        if _exists(connection, name):
            return
        _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished)
        _run(connection, "CREATE DATABASE {} TEMPLATE template0", unfinished)
        build(endpoint.dsn_of(unfinished))
        # Nobody may connect any more: one open connection would make every copy fail.
        _run(connection, "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", unfinished)
        _end_connections(connection, unfinished)
        _run(connection, "ALTER DATABASE {} RENAME TO {}", unfinished, name)


def create_database(endpoint: PostgresEndpoint, name: str, *, template: str = "template0") -> str:
    """Create the database `name` as a copy of `template`; returns its URL."""
    with _maintenance(endpoint) as connection:
        # by files: half the work of logging each page, where nothing is written by others meanwhile
        _run(connection, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
    return endpoint.dsn_of(name)


def drop_database(endpoint: PostgresEndpoint, name: str) -> None:
    """Drop the database, ending connections to it; does nothing if there is none."""
    with _maintenance(endpoint) as connection:
        _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


Connection = psycopg.Connection[tuple[object, ...]]


def _maintenance(endpoint: PostgresEndpoint) -> Connection:
    return psycopg.connect(endpoint.dsn_of("postgres"), autocommit=True, connect_timeout=10)


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _end_connections(connection: Connection, name: str) -> None:
    connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])


def _run(connection: Connection, statement: LiteralString, *names: str) -> None:
    identifiers = (sql.Identifier(name) for name in names)
    connection.execute(sql.SQL(statement).format(*identifiers))
