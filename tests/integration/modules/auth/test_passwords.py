"""Passwords are changed by the present one, or by the link of a letter."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, problem
from tests.integration.modules.auth.letters import letters, token_in
from tests.integration.modules.auth.signing_in import AUTH, OTHER, log_in, refresh

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value


class TestChangePassword:
    async def test_it_ends_every_other_session(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """This one goes on, the former password signs in no more, and a letter tells of it."""
        await letters(services)
        other = (await log_in(api, ada.email, PASSWORD)).json()
        body = {"present_password": PASSWORD, "new_password": OTHER}
        assert (await ada.post(f"{AUTH}/password", body)).status_code == 204
        problem(await refresh(api, other), 401, "invalid_refresh_token")
        assert (await refresh(api, ada.tokens)).status_code == 200
        problem(await log_in(api, ada.email, PASSWORD), 401, "invalid_credentials")
        assert (await log_in(api, ada.email, OTHER)).status_code == 200
        (letter,) = await letters(services)
        assert letter["Subject"] == "Your password was changed"

    async def test_it_needs_the_present_one(self, ada: Person) -> None:
        """An open session is not enough."""
        body = {"present_password": "not the one", "new_password": OTHER}
        problem(await ada.post(f"{AUTH}/password", body), 403, "wrong_account_password")


class TestResetPassword:
    async def test_a_link_sets_another_password_once(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Every session ends; the address is verified with it, as its letters are read."""
        await letters(services)
        assert (await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email.upper()})).status_code == 204
        (letter,) = await letters(services)
        assert letter["To"] == ada.email
        token = token_in(letter)
        async with services.database.connection() as db:
            assert (
                await fetch_value(db, "SELECT count(*) FROM account_tokens WHERE hash = %s", (token.encode(),)) == 0
            )
        assert (await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})).status_code == 204
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")
        tokens = (await log_in(api, ada.email, OTHER)).json()
        assert (await Person(api, ada.email, tokens).get("/api/v1/user/profile")).json()["email_verified"] is True
        again = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": PASSWORD})
        problem(again, 422, "link_expired")

    async def test_of_many_at_once_one_wins(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """A token is used up by the transaction that sets the password."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        answers = await asyncio.gather(
            *(api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER}) for _ in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]

    async def test_an_expired_link_does_nothing(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """After an hour."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        async with services.database.connection() as db:
            await execute(db, "UPDATE account_tokens SET expires_at = now()")
        answer = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})
        problem(answer, 422, "link_expired")

    async def test_nobody_learns_who_has_an_account(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Answer and work are the same: a job that looks the account up when the answer has gone."""
        await letters(services)
        for path in ("password/forgotten", "email/verification"):
            answers = [
                await api.post(f"{AUTH}/{path}", json={"email": email}) for email in (ada.email, "no@example.org")
            ]
            assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
        assert [letter["To"] for letter in await letters(services)] == [ada.email] * 2

    async def test_a_weak_password_leaves_the_link_good(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """One chooses another."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        for password in ("Password123!", f"{ada.email.split('@')[0]}1"):
            answer = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": password})
            assert problem(answer, 422, "weak_password")["errors"][0]["path"] == "password"
        assert (await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})).status_code == 204

    async def test_without_mail_it_says_so(self, api: httpx.AsyncClient, services: Services) -> None:
        """Whatever the address."""
        services.post._mailer = None
        answer = await api.post(f"{AUTH}/password/forgotten", json={"email": "ada@example.org"})
        problem(answer, 409, "mail_off")

    async def test_what_was_begun_with_the_former_password_ends(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """The link to a stranger's address, and of letters that were asked for before."""
        await ada.post(f"{AUTH}/email", {"email": "stranger@example.org", "password": PASSWORD})
        for _ in range(2):
            await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        sent = await letters(services)
        stranger = token_in(next(letter for letter in sent if letter["To"] == "stranger@example.org"))
        first, second = [token_in(letter) for letter in sent if letter["Subject"] == "Choose a new password"]
        answer = await api.post(f"{AUTH}/password/reset", json={"token": first, "password": OTHER})
        problem(answer, 422, "link_expired")
        body = {"token": second, "password": OTHER}
        assert (await api.post(f"{AUTH}/password/reset", json=body)).status_code == 204
        problem(await api.post(f"{AUTH}/email/verify", json={"token": stranger}), 422, "link_expired")

    async def test_a_link_to_an_address_that_is_another_meanwhile_opens_nothing(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """It may change while the letter is being written; whoever reads the former one's owns nothing any more."""
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        *_, letter = await letters(services)
        body = {"token": token_in(letter), "password": OTHER}
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email = 'new@example.org'")
        problem(await api.post(f"{AUTH}/password/reset", json=body), 422, "link_expired")
        assert (await log_in(api, "new@example.org", PASSWORD)).status_code == 200

    @pytest.mark.parametrize("verified", [False, True])
    async def test_who_made_the_account_of_an_address_loses_it_to_its_owner(
        self, verified: bool, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Second factor and keys end where the address was not verified; else they stay."""
        await letters(services)
        key = (
            await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "k", "scopes": ["account:read"]})
        ).json()
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email_verified_at = CASE WHEN %s THEN now() END", (verified,))
            await execute(db, "INSERT INTO totp (user_id, secret, confirmed_at) SELECT id, '', now() FROM users")
        team = (await ada.post("/api/v1/teams", {"name": "Harbour Films"})).json()["id"]
        tokens = (await refresh(api, ada.tokens)).json()
        shown = {"password": PASSWORD, "name": "shop", "owner": team}
        assert (await Person(api, ada.email, tokens).post("/api/v1/signing-keys", shown)).status_code == 201
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        *made, asked = await letters(services)
        assert [letter["Subject"] for letter in made] == [
            "Your account has a new API key",
            "Your account made a signing key",
        ]
        body = {"token": token_in(asked), "password": OTHER}
        assert (await api.post(f"{AUTH}/password/reset", json=body)).status_code == 204
        assert (await log_in(api, ada.email, OTHER)).status_code == (401 if verified else 200)
        me = await api.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {key['secret']}"})
        assert me.status_code == (200 if verified else 401)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM signing_keys") == verified


class TestRaces:
    """Whatever happens while a password is verified."""

    @pytest.fixture
    def meanwhile(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
        """Has a statement executed once a password was found right."""
        verify = services.passwords.verify

        def arrange(statement: str, *params: Any) -> None:
            async def verify_slowly(stored: str | None, password: str) -> bool:
                fits = await verify(stored, password)
                async with services.database.connection() as db:
                    await execute(db, statement, params)
                return fits

            monkeypatch.setattr(services.passwords, "verify", verify_slowly)

        return arrange

    async def test_a_former_password_opens_and_changes_nothing(
        self, ada: Person, api: httpx.AsyncClient, services: Services, meanwhile: Callable[..., None]
    ) -> None:
        """Not even where it was the present one when it was read."""
        token = token_in((await letters(services))[0])
        fresh = await services.passwords.hash(OTHER)
        for attempt in (
            lambda: ada.post(f"{AUTH}/password", {"present_password": PASSWORD, "new_password": "six quiet kettles"}),
            lambda: ada.post(f"{AUTH}/email", {"email": "new@example.org", "password": PASSWORD}),
            lambda: api.post(f"{AUTH}/email/verify", json={"token": token, "password": PASSWORD}),
            lambda: log_in(api, ada.email, PASSWORD),
        ):
            async with services.database.connection() as db:
                await execute(db, "UPDATE users SET password_hash = %s", (await services.passwords.hash(PASSWORD),))
            meanwhile("UPDATE users SET password_hash = %s", fresh)
            assert (await attempt()).json()["code"] in ("wrong_account_password", "invalid_credentials")
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT password_hash FROM users") == fresh
            assert await fetch_value(db, "SELECT count(*) FROM sessions") == 1
            assert await fetch_value(db, "SELECT email_verified_at FROM users") is None

    async def test_a_former_role_is_not_given(
        self, sign_up: SignUp, api: httpx.AsyncClient, meanwhile: Callable[..., None]
    ) -> None:
        """Its user has the one of now."""
        admin = await sign_up(role="ADMIN")
        meanwhile("UPDATE users SET role = 'USER'")
        tokens = (await log_in(api, admin.email, PASSWORD)).json()
        assert tokens["user"]["role"] == "USER"
        problem(await Person(api, admin.email, tokens).get(f"{AUTH}/invitations"), 403, "forbidden")
