"""`matinee migrate`, as a deployment runs it."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import psycopg
import pytest
from tests.serving import environment_of

from matinee.common.config import Settings
from matinee.common.migrations import migrations_folder
from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.postgres import PostgresEndpoint

COMMAND = [sys.executable, "-m", "matinee.cli", "migrate"]
IDS = sorted(path.stem for path in migrations_folder().glob("[0-9]*_*"))
UP_TO_DATE = "The schema is up to date.\n"


@pytest.fixture
def environment(shared_settings: Settings, postgres: PostgresEndpoint) -> Iterator[dict[str, str]]:
    """An installation with an empty database."""
    name = f"empty_{secrets.token_hex(6)}"
    url = create_database(postgres, name)
    yield {**os.environ, **environment_of(msgspec.structs.replace(shared_settings, database_url=url))}
    drop_database(postgres, name)


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    """What it printed; fails where it failed."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


class TestMigrate:
    def test_an_empty_database_gets_everything(self, environment: dict[str, str]) -> None:
        """Each migration is named; the next call has nothing to do."""
        assert ended(start(environment)).splitlines() == [f"applied {name}" for name in IDS]
        assert ended(start(environment)) == UP_TO_DATE

    def test_two_at_once_apply_each_once(self, environment: dict[str, str]) -> None:
        """As when two machines are deployed: the second waits for the first and finds nothing to do."""
        printed = [ended(process) for process in [start(environment), start(environment)]]
        assert sorted(printed, key=len)[0] == UP_TO_DATE
        assert len(max(printed, key=len).splitlines()) == len(IDS)

    def test_a_database_that_is_away_is_told_in_a_sentence(self, environment: dict[str, str]) -> None:
        """Without the password, and without a traceback."""
        url = "postgresql://ada:hidden-password@127.0.0.1:1/matinee"
        process = start({**environment, "MATINEE_DATABASE_URL": url})
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert err.startswith("Error: The database does not let us in: ")
        assert "hidden-password" not in err

    def test_the_schema_serves(self, environment: dict[str, str]) -> None:
        """The queue's tables are part of it."""
        ended(start(environment))
        with psycopg.connect(environment["MATINEE_DATABASE_URL"]) as connection:
            connection.execute("SELECT id, title FROM videos")
            connection.execute("SELECT id FROM procrastinate_jobs")
