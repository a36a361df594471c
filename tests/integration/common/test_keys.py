"""`matinee keys`, on what is sealed in the database."""

import os
import subprocess

import psycopg
import pytest
from tests.forks import matinee
from tests.serving import environment_of

from matinee.common.config import Settings
from matinee.common.database import Database, fetch_value
from matinee.common.keys import resealing
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.resealing import Resealing
from matinee.common.keys.ring import Keys
from matinee.modules.second_factor.codes import TOTP_SECRETS

OLD, NEW = SecretKey("s" * 43), SecretKey("n" * 43, "2027a")
_PEOPLE = """
WITH owner AS (INSERT INTO users (email, password_hash, name) VALUES (%s, '', 'Ada') RETURNING id)
INSERT INTO totp (user_id, secret) SELECT id, %s FROM owner
"""


async def add(url: str, *sealed: bytes) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for number, each in enumerate(sealed):
            db.execute(_PEOPLE, [f"{number}@example.org", each])


async def stored(database: Database) -> list[bytes]:
    async with database.connection() as db:
        found: list[bytes] = await fetch_value(db, "SELECT array_agg(secret) FROM totp")
    return found


class TestResealing:
    async def test_it_goes_on_where_it_was_stopped(
        self, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each batch is whole; a former key alone opens what was not reached, and nothing is sealed twice."""
        monkeypatch.setattr(resealing, "_BATCH", 2)
        before = Keys([OLD])
        await add(settings.database_url, *[await before.seal(TOTP_SECRETS.purpose, b"%d" % n) for n in range(5)])
        both = Keys([NEW, OLD])
        work = Resealing(database, both, [TOTP_SECRETS])
        assert await work.count() == 5
        async for some, lost in work.run():
            assert (some, lost) == (2, 0)
            break
        done = {each for each in await stored(database) if each.startswith(b"2027a.")}
        assert len(done) == 2
        assert [counts async for counts in work.run()] == [(2, 0), (1, 0)]
        assert done < set(await stored(database))
        opened = [await Keys([NEW]).open(TOTP_SECRETS.purpose, each) for each in await stored(database)]
        assert sorted(opened) == [b"0", b"1", b"2", b"3", b"4"]
        assert await work.count() == 0

    async def test_what_has_an_id_is_another_key_s_where_the_one_in_use_has_none(
        self, settings: Settings, database: Database
    ) -> None:
        """Whoever has left out the newer key is told of it."""
        await add(settings.database_url, *[await Keys([key]).seal(TOTP_SECRETS.purpose, b"x") for key in (OLD, NEW)])
        work = Resealing(database, Keys([OLD]), [TOTP_SECRETS])
        assert await work.count() == 1
        assert [counts async for counts in work.run()] == [(1, 1)]

    async def test_what_changed_meanwhile_is_left_alone(
        self, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody sets up another app while his former secret is sealed anew."""
        both = Keys([NEW, OLD])
        await add(settings.database_url, await Keys([OLD]).seal(TOTP_SECRETS.purpose, b"former"))
        fresh = await both.seal(TOTP_SECRETS.purpose, b"fresh")

        async def open_slowly(purpose: bytes, sealed: bytes) -> bytes:
            with psycopg.connect(settings.database_url, autocommit=True) as db:
                db.execute("UPDATE totp SET secret = %s", [fresh])
            return await Keys([OLD]).open(purpose, sealed)

        monkeypatch.setattr(both, "open", open_slowly)
        assert [counts async for counts in Resealing(database, both, [TOTP_SECRETS]).run()] == [(1, 0)]
        assert await stored(database) == [fresh]

    async def test_the_command_tells_what_no_key_opens(self, settings: Settings, database: Database) -> None:
        """And seals the rest; the secret that was given up is needed no more."""
        lost = await Keys([SecretKey("x" * 43, "lost")]).seal(TOTP_SECRETS.purpose, b"lost")
        await add(settings.database_url, await Keys([OLD]).seal(TOTP_SECRETS.purpose, b"kept"), lost)
        ended = _type(settings, "keys", "reseal", MATINEE_SECRET_KEYS="2027a:" + "n" * 43)
        assert ended.returncode == 1
        assert ended.stdout == "Sealed anew: 1.\n"
        assert "1 cannot be opened" in ended.stderr
        opened = []
        for each in await stored(database):
            try:
                opened.append(await Keys([NEW]).open(TOTP_SECRETS.purpose, each))
            except NotOpenedError:
                assert each == lost
        assert opened == [b"kept"]


def _type(settings: Settings, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return matinee(*words, env={**os.environ, **environment_of(settings), **environment})
