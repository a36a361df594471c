"""How guessing is slowed down, and how often anybody may ask."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, client_of, problem, sha256
from tests.integration.modules.auth.signing_in import AUTH, give_password, log_in, refresh

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.storage.s3 import S3Storage
from matinee.modules.auth.token_repository import insert_token


class TestGuessing:
    @pytest.fixture
    async def limited(
        self, settings: Settings, storage: S3Storage, password_cost: None
    ) -> AsyncIterator[tuple[httpx.AsyncClient, Services]]:
        changed = msgspec.structs.replace(settings, rate_limits=True)
        async with open_services(changed, storage=storage) as services:
            app = create_app(services)
            async with client_of(app) as client:
                yield client, services

    async def test_a_guesser_waits_and_the_owner_does_not(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Longer each time; from elsewhere the owner signs in, and stays signed in."""
        api, services = limited
        for _ in range(6):
            problem(await log_in(api, ada.email, "not the one", "192.0.2.66"), 401, "invalid_credentials")
        answer = await log_in(api, ada.email, PASSWORD, "192.0.2.66")
        problem(answer, 429, "rate_limited")
        assert answer.headers["retry-after"] in ("1", "2")
        async with services.database.connection() as db:
            await execute(db, "UPDATE guesses SET made = 30, wait_until = now()")
        problem(await log_in(api, ada.email, "not the one", "192.0.2.66"), 401, "invalid_credentials")
        answer = await log_in(api, ada.email, PASSWORD, "192.0.2.66")
        assert 890 <= int(answer.headers["retry-after"]) <= 900
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200
        assert (await refresh(api, ada.tokens)).status_code == 200

    async def test_success_begins_anew(self, ada: Person, limited: tuple[httpx.AsyncClient, Services]) -> None:
        """And an address without an account makes one wait just the same."""
        api, services = limited
        for _ in range(5):
            await log_in(api, ada.email, "not the one", "192.0.2.66")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.66")).status_code == 200
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM guesses") == 0
            await execute(db, "DELETE FROM rate_limits")
        for _ in range(6):
            problem(await log_in(api, "no@example.org", "not the one", "192.0.2.66"), 401, "invalid_credentials")
        problem(await log_in(api, "no@example.org", "not the one", "192.0.2.66"), 429, "rate_limited")

    async def test_a_right_one_that_must_be_another_is_no_guess(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Its owner may need some tries to find a better one."""
        api, services = limited
        await give_password(services, "iloveyou2020")
        for new in (None, *["iloveyou2021"] * 6):
            body = {"email": ada.email, "password": "iloveyou2020", "new_password": new}
            refused = await api.post(f"{AUTH}/login", json=body)
            assert refused.json()["code"] == ("new_password_required" if new is None else "weak_password")

    async def test_of_many_at_once_no_more_are_judged(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """A guess is counted before it is judged."""
        api, services = limited
        await log_in(api, ada.email, "not the one", "192.0.2.66")
        async with services.database.connection() as db:
            await execute(db, "UPDATE guesses SET made = 30")
        answers = await asyncio.gather(*(log_in(api, ada.email, "not the one", "192.0.2.66") for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [401] + [429] * 5

    async def test_many_networks_together_guess_a_hundred_times_an_hour(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Where the account was used before, its owner goes on."""
        api, services = limited
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        problem(await log_in(api, ada.email, PASSWORD, "192.0.2.66"), 429, "rate_limited")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200

    async def test_a_browser_that_is_known_has_guesses_of_its_own(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Wherever it is, and however many others guess; they are not many, and a note that is made up is none."""
        api, services = limited
        known = {"matinee_device": (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).cookies["matinee_device"]}
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.66", known)).status_code == 200
        for made_up in ({}, {"matinee_device": "x"}):
            problem(await log_in(api, ada.email, PASSWORD, "192.0.2.67", made_up), 429, "rate_limited")
        for _ in range(6):
            problem(await log_in(api, ada.email, "not the one", "192.0.2.67", known), 401, "invalid_credentials")
        problem(await log_in(api, ada.email, PASSWORD, "192.0.2.68", known), 429, "rate_limited")

    async def test_a_site_of_ipv6_is_one_stranger(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Its networks are many; and where the account was used, any address of the network is known."""
        api, services = limited
        for network in range(21):
            answer = await log_in(api, ada.email, "not the one", f"2001:db8:1:{network}::1")
            problem(answer, 401, "invalid_credentials")
        problem(await log_in(api, ada.email, "not the one", "2001:db8:1:99::1"), 429, "rate_limited")
        assert (await log_in(api, ada.email, PASSWORD, "2001:db8:2:1::1")).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        assert (await log_in(api, ada.email, PASSWORD, "2001:db8:2:1::2")).status_code == 200
        problem(await log_in(api, ada.email, PASSWORD, "2001:db8:2:2::1"), 429, "rate_limited")

    async def test_whoever_has_a_link_guesses_ten_times_an_hour(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """From however many networks: the letter may have come to somebody else."""
        api, services = limited
        async with services.database.connection() as db:
            await insert_token(db, sha256("token"), UUID(ada.id), "email", "new@example.org", hours=1)
        body = {"token": "token", "password": "a guess"}
        answers = [
            await api.post(f"{AUTH}/email/verify", json=body, headers={"X-Forwarded-For": f"192.0.2.{n}"})
            for n in range(11)
        ]
        assert [answer.status_code for answer in answers] == [403] * 10 + [429]

    async def test_nobody_is_flooded_with_letters(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Five an hour to one address, whoever asks."""
        api, _ = limited
        answers = [
            await api.post(
                f"{AUTH}/password/forgotten", json={"email": ada.email}, headers={"X-Forwarded-For": f"192.0.2.{n}"}
            )
            for n in range(6)
        ]
        assert [answer.status_code for answer in answers] == [204] * 5 + [429]


class TestRateLimit:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return msgspec.structs.replace(settings, rate_limits=True)

    async def test_past_the_limit_it_says_when_to_come_back(self, api: httpx.AsyncClient) -> None:
        """Ten logins a minute from one address."""
        body = {"email": "nobody@example.org", "password": "wrong password"}
        first = await api.post(f"{AUTH}/login", json=body)
        assert first.status_code == 401
        for _ in range(9):
            await api.post(f"{AUTH}/login", json=body)
        refused = await api.post(f"{AUTH}/login", json=body)
        problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit-limit"] == "10"
        assert refused.headers["ratelimit-remaining"] == "0"

    @pytest.mark.parametrize(
        ("operation", "body", "hits", "seconds", "status"),
        [("register", {"email": "no", "password": "no", "name": ""}, 20, 3600, 422), ("refresh", {}, 60, 60, 401)],
        ids=["register", "refresh"],
    )
    async def test_each_operation_counts_for_itself(
        self, api: httpx.AsyncClient, operation: str, body: dict[str, str], hits: int, seconds: int, status: int
    ) -> None:
        """Also requests that are refused; every answer tells what is left."""
        for left in reversed(range(hits)):
            answer = await api.post(f"{AUTH}/{operation}", json=body)
            assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (status, str(left))
        refused = await api.post(f"{AUTH}/{operation}", json=body)
        problem(refused, 429, "rate_limited")
        headers = refused.headers
        assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == (str(hits), "0")
        assert headers["retry-after"] == headers["ratelimit-reset"]
        assert seconds - 60 <= int(headers["retry-after"]) <= seconds
        other = await api.post(f"{AUTH}/login", json={"email": "nobody@example.org", "password": "x"})
        problem(other, 401, "invalid_credentials")
