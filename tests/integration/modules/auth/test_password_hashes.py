"""How passwords are stored, and what it costs to verify one."""

import asyncio

import argon2
import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, client_of, problem
from tests.integration.modules.auth.signing_in import AUTH, log_in

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.storage.s3 import S3Storage


@pytest.fixture
def password_cost() -> None:
    """As in earnest."""


async def test_the_password_is_stored_as_argon2id(ada: Person, services: Services) -> None:
    """With OWASP's parameters."""
    async with services.database.connection() as db:
        stored = await fetch_value(db, "SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_an_unknown_account_costs_as_much_as_a_known_one(
    ada: Person, api: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash is computed, whoever signs in: time tells nothing either."""
    computed = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, stored: str, password: str) -> bool:
        computed.append(argon2.extract_parameters(stored))
        return verify(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    for email in (ada.email, "nobody@example.org", "no address at all"):
        problem(await log_in(api, email, "not the one"), 401, "invalid_credentials")
    assert len(computed) == 3
    assert computed[0] == computed[1] == computed[2]


async def test_an_old_hash_is_replaced(ada: Person, api: httpx.AsyncClient, services: Services) -> None:
    """When the parameters have changed since."""
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with services.database.connection() as db:
        await execute(db, "UPDATE users SET password_hash = %s WHERE email = %s", (old, ada.email))
    assert (await log_in(api, ada.email, PASSWORD)).status_code == 200
    async with services.database.connection() as db:
        stored = await fetch_value(db, "SELECT password_hash FROM users WHERE email = %s", (ada.email,))
    assert "m=19456,t=2" in stored


async def test_a_hash_gets_todays_pepper_at_sign_in(
    ada: Person, settings: Settings, storage: S3Storage, services: Services
) -> None:
    """One without a pepper and one of an older one still verify; of a pepper that was dropped none does."""
    old, new = "old:" + "o" * 32, "new:" + "n" * 32
    for peppers, status, begins in (
        ((old,), 200, "old$argon2id$"),
        ((new, old), 200, "new$argon2id$"),
        ((old,), 401, "new$argon2id$"),
        ((), 401, "new$argon2id$"),
    ):
        peppered = msgspec.structs.replace(settings, password_peppers=peppers)
        async with (
            open_services(peppered, storage=storage) as others,
            client_of(create_app(others)) as client,
        ):
            login = await log_in(client, ada.email, PASSWORD)
            assert login.status_code == status, (peppers, login.text)
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT password_hash FROM users WHERE email = %s", (ada.email,))
        assert stored.startswith(begins)


async def test_logins_wait_for_their_turn_while_reads_do_not(ada: Person, api: httpx.AsyncClient) -> None:
    """Twenty logins hash one after the other off the loop; a read passes them all."""
    logins = [asyncio.create_task(log_in(api, ada.email, PASSWORD)) for _ in range(20)]
    await asyncio.sleep(0)
    assert (await ada.get(f"{AUTH}/me")).status_code == 200
    assert sum(login.done() for login in logins) < len(logins) / 2
    assert {answer.status_code for answer in await asyncio.gather(*logins)} == {200}
