"""Which passwords are good enough, and what becomes of those that are not."""

import asyncio

import httpx
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.auth.letters import letters
from tests.integration.modules.auth.signing_in import AUTH, OTHER, give_password, log_in, refresh

from matinee.bootstrap import Services


class TestStrength:
    @pytest.mark.parametrize(
        "password",
        [
            "password1234",
            "qwertyuiop12",
            "ada@example.org",
            "Lovelace1815",
            "matinee12345",
            "aaaaaaaaaaaa",
            "Summer202425",
        ],
    )
    async def test_what_is_easily_guessed_is_refused(self, api: httpx.AsyncClient, password: str) -> None:
        """Known passwords, rows of keys, and what is known of the account; with what would be better."""
        body = {"email": "ada@example.org", "name": "Ada Lovelace", "password": password}
        answer = problem(await api.post(f"{AUTH}/register", json=body), 422, "weak_password")
        assert "Several words" in answer["detail"]
        assert answer["errors"][0]["path"] == "password"

    async def test_it_may_have_any_characters_and_counts_to_the_last(self, api: httpx.AsyncClient) -> None:
        """12 to 128 of them, blanks and what is not in any keyboard."""
        longest = "  grüße 🗝 \t" * 10 + "and so on, to here"
        body = {"email": "ada@example.org", "name": "Ada", "password": longest}
        for password in (longest + "x", "6 ü🗝 h&q~1!"):
            refused = await api.post(f"{AUTH}/register", json={**body, "password": password})
            assert problem(refused, 422, "validation_failed")["errors"][0]["path"] == "password"
        assert (await api.post(f"{AUTH}/register", json=body)).status_code == 201
        problem(await log_in(api, "ada@example.org", longest[:-1] + "x"), 401, "invalid_credentials")
        assert (await log_in(api, "ada@example.org", longest)).status_code == 200

    async def test_the_longest_costs_no_more_than_others(self, services: Services) -> None:
        """What is behind the fortieth character is not judged."""
        async with asyncio.timeout(2):
            await services.passwords.ensure_strong("p4$$w0rd!|1" * 11, ("ada",), field="password")


class TestKnownPasswords:
    """Of accounts that had theirs before it was judged, or before it was known."""

    KNOWN = "iloveyou2020"

    @pytest.fixture
    async def ada(self, ada: Person, services: Services) -> Person:
        await give_password(services, self.KNOWN)
        await letters(services)
        return ada

    async def test_one_opens_nothing_until_it_is_changed(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """With the sign-in itself, as anywhere else: every other session ends, and a letter tells of it."""
        credentials = {"email": ada.email, "password": self.KNOWN}
        refused = await api.post(f"{AUTH}/login", json=credentials)
        problem(refused, 401, "new_password_required")
        assert "set-cookie" not in refused.headers
        weak = await api.post(f"{AUTH}/login", json={**credentials, "new_password": "iloveyou2021"})
        assert problem(weak, 422, "weak_password")["errors"][0]["path"] == "new_password"
        assert (await ada.get(f"{AUTH}/sessions")).status_code == 200
        changed = await api.post(f"{AUTH}/login", json={**credentials, "new_password": OTHER})
        assert changed.status_code == 200
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")
        assert (await refresh(api, changed.json())).status_code == 200
        assert "Your password was changed" in [letter["Subject"] for letter in await letters(services)]
        problem(await log_in(api, ada.email, self.KNOWN), 401, "invalid_credentials")
        assert (await log_in(api, ada.email, OTHER)).status_code == 200

    async def test_who_does_not_know_it_hears_and_changes_nothing(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A guess is a guess, whatever comes with it."""
        for email in (ada.email, "nobody@example.org"):
            guess = {"email": email, "password": "iloveyou2019", "new_password": "12345678901234"}
            problem(await api.post(f"{AUTH}/login", json=guess), 401, "invalid_credentials")
        problem(await log_in(api, ada.email, self.KNOWN), 401, "new_password_required")

    async def test_a_short_one_that_nobody_guesses_still_works(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """It is of a time when eight characters were enough."""
        await give_password(services, "k7#pQ2xzW9")
        assert (await log_in(api, ada.email, "k7#pQ2xzW9")).status_code == 200
