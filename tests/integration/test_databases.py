"""The databases of the tests themselves: whatever one did to its own, the next has one as the migrations leave it."""

from typing import LiteralString

import psycopg
import pytest
from tests.databases import Databases

from matinee.embedded.postgres import PostgresEndpoint

_OID = "SELECT oid FROM pg_database WHERE datname = current_database()"
_ADD_USER = "INSERT INTO users (email, password_hash, name) VALUES ('ada@example.org', '', 'Ada') RETURNING id"
_ADD_KEY = """
INSERT INTO signing_keys (id, owner_id, name, algorithm, public_key)
VALUES (gen_random_uuid(), %s, 'shop', 'EdDSA', '')
"""
_ADD_WORKER = "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"


@pytest.fixture
def own(postgres: PostgresEndpoint, template: str) -> Databases:
    """Databases that no other test has had."""
    return Databases(postgres, template)


class TestSwept:
    def test_it_holds_what_a_new_copy_does(self, own: Databases) -> None:
        """Nothing is left of what was put into it, and what is counted begins anew."""
        seen = []
        for _ in range(2):
            url = own.take()
            with psycopg.connect(url) as connection:
                left = connection.execute("SELECT count(*) FROM users").fetchone()
                connection.execute(_ADD_KEY, connection.execute(_ADD_USER).fetchone())
                worker = connection.execute(_ADD_WORKER).fetchone()
                seen.append((connection.execute(_OID).fetchone(), left, worker))
            own.give_back(url)
        assert seen[0] == seen[1]

    def test_nobody_comes_back(self, own: Databases) -> None:
        """Who was connected is so no more, and would not find it again."""
        former = own.take()
        with psycopg.connect(former) as connection:
            own.give_back(former)
            own.take()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(former)


class TestAltered:
    @pytest.mark.parametrize(
        "change",
        [
            "CREATE TABLE films (title text)",
            "DROP TABLE yoyo_lock",
            "ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER",
            "ALTER TABLE users ADD CHECK (name <> 'Bob')",
            "DELETE FROM _yoyo_migration",
        ],
    )
    def test_the_next_is_another(self, own: Databases, change: LiteralString) -> None:
        """Whatever it is that was altered."""
        former = own.take()
        with psycopg.connect(former) as connection:
            before = connection.execute(_OID).fetchone()
            connection.execute(change)
        own.give_back(former)
        with psycopg.connect(own.take()) as connection:
            assert connection.execute(_OID).fetchone() != before
