"""Signing in by a provider, linking one, and every answer that is not believed."""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, problem
from tests.integration.modules.sign_in_providers.issuer_server import CLIENT, SECRET, IssuerServer

from matinee.bootstrap import Services
from matinee.common.config import Settings, SignInProvider
from matinee.common.database import execute, fetch_value

PATH = "/api/v1/auth/providers"
WORK = f"{PATH}/work"
LINKS = "/api/v1/auth/linked-sign-ins"
TOTP = "/api/v1/auth/second-factor/totp"
PROOF = {"password": PASSWORD}


@pytest.fixture
async def issuer() -> AsyncIterator[IssuerServer]:
    async with IssuerServer() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, issuer: IssuerServer) -> Settings:
    """With a provider that works, and one that is not there."""
    work = SignInProvider(id="work", name="Work", issuer=issuer.url, client_id=CLIENT, client_secret=SECRET)
    gone = SignInProvider(id="gone", name="Gone", issuer="http://localhost:1", client_id=CLIENT)
    return msgspec.structs.replace(settings, sign_in_providers=(work, gone))


async def begin(client: httpx.AsyncClient, issuer: IssuerServer) -> dict[str, str]:
    """As far as the provider, and back in the browser."""
    begun = await client.post(f"{WORK}/begin", json={"device_name": "phone"})
    assert begun.status_code == 200, begun.text
    return issuer.visit(begun.json()["url"])


async def sign_in(client: httpx.AsyncClient, issuer: IssuerServer) -> httpx.Response:
    answer = await client.post(f"{WORK}/sign-in", json=await begin(client, issuer))
    client.cookies.clear()
    return answer


async def link(person: Person, issuer: IssuerServer, proof: object = PROOF) -> httpx.Response:
    begun = await person.post(f"{WORK}/begin-link", proof)
    assert begun.status_code == 200, begun.text
    answer = await person.post(f"{WORK}/link", issuer.visit(begun.json()["url"]))
    person.client.cookies.clear()
    return answer


def as_person(api: httpx.AsyncClient, answer: httpx.Response) -> Person:
    assert answer.status_code == 200, answer.text
    return Person(api, answer.json()["user"]["email"], answer.json())


class TestSigningIn:
    async def test_the_first_time_makes_an_account_and_the_next_finds_it(
        self, api: httpx.AsyncClient, issuer: IssuerServer
    ) -> None:
        """By issuer and subject: another address and name make no other account."""
        first = as_person(api, await sign_in(api, issuer))
        assert (first.email, first.tokens["user"]["name"]) == ("kim@work.example", "Kim")
        issuer.claims |= {"email": "kim@new.example", "name": "K"}
        again = await sign_in(api, issuer)
        assert as_person(api, again).id == first.id
        assert "matinee_refresh=" in again.headers["set-cookie"]
        [linked] = (await first.get(LINKS)).json()["items"]
        assert (linked["issuer"], linked["label"]) == (issuer.url, "kim@work.example")
        assert linked["last_used_at"] is not None

    async def test_providers_are_listed_and_read_once(self, api: httpx.AsyncClient, issuer: IssuerServer) -> None:
        """Metadata and keys are remembered."""
        listed = (await api.get(PATH)).json()["items"]
        assert listed == [{"id": "work", "name": "Work"}, {"id": "gone", "name": "Gone"}]
        for _ in range(3):
            await sign_in(api, issuer)
        assert issuer.asked == ["metadata", "keys"]

    async def test_an_account_with_the_address_is_not_taken_over(
        self, api: httpx.AsyncClient, issuer: IssuerServer, ada: Person
    ) -> None:
        """Its owner signs in and links it; then it opens that very account."""
        issuer.claims["email"] = ada.email.upper()
        problem(await sign_in(api, issuer), 409, "sign_in_to_link")
        assert (await link(ada, issuer)).status_code == 201
        assert as_person(api, await sign_in(api, issuer)).id == ada.id

    @pytest.mark.parametrize(
        "claims", [{"email_verified": False}, {"email": None}, {"email": "not an address"}], ids=str
    )
    async def test_an_address_that_nobody_verified_makes_no_account(
        self, api: httpx.AsyncClient, issuer: IssuerServer, claims: dict[str, Any]
    ) -> None:
        """Nor does none."""
        issuer.claims |= claims
        problem(await sign_in(api, issuer), 403, "no_verified_email")

    async def test_the_second_factor_is_asked_for(
        self, api: httpx.AsyncClient, issuer: IssuerServer, clock: Clock
    ) -> None:
        """The provider's word stands for the password, and not for more; who has none sets an app up, too."""
        from tests.integration.modules.second_factor.test_second_factor import app_of

        kim = as_person(api, await sign_in(api, issuer))
        app = app_of((await kim.post(TOTP)).json()["secret"], clock)
        assert (await kim.post(f"{TOTP}/confirm", {"code": app()})).status_code == 200
        asked = problem(await sign_in(api, issuer), 401, "second_factor_required")
        body = {"challenge": asked["second_factor"]["challenge"], "code": app()}
        assert (await api.post("/api/v1/auth/second-factor", json=body)).status_code == 200

    async def test_without_a_password_only_a_fresh_session_proves_anything(
        self, api: httpx.AsyncClient, issuer: IssuerServer, services: Services
    ) -> None:
        """Ten minutes later he has to sign in again; and no password fits. So he exports and deletes his account."""
        kim = as_person(api, await sign_in(api, issuer))
        problem(await kim.post(TOTP, PROOF), 403, "wrong_account_password")
        body = {"email": kim.email, "password": PASSWORD}
        problem(await api.post("/api/v1/auth/login", json=body), 401, "invalid_credentials")
        async with services.database.connection() as db:
            await execute(db, "UPDATE sessions SET created_at = now() - interval '11 minutes'")
        export, deletion = "/api/v1/user/export", "/api/v1/user/deletion"
        for path in (TOTP, export, deletion):
            problem(await kim.post(path), 403, "proof_required")
        problem(await kim.post(deletion, PROOF), 403, "wrong_account_password")
        kim = as_person(api, await sign_in(api, issuer))
        assert (await kim.post(export)).status_code == 202
        assert (await kim.post(deletion)).status_code == 200


class TestWhatIsNotBelieved:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"nonce": "of another sign-in"},
            {"nonce": None},
            {"aud": "another client"},
            {"aud": [CLIENT, "another client"]},
            {"azp": "another client"},
            {"iss": "https://evil.example.org"},
            {"exp": int(time.time()) - 120},
            {"exp": None},
            {"sub": None},
            {"alg": "none", "key": ""},
            {"alg": "HS256", "key": SECRET},
        ],
        ids=lambda wrong: "-".join(map(str, wrong)) + str(wrong.get("alg", "")),
    )
    async def test_a_token_that_is_not_for_this_sign_in(
        self, api: httpx.AsyncClient, issuer: IssuerServer, services: Services, wrong: dict[str, Any]
    ) -> None:
        """No account is made and no session opened."""
        issuer.wrong = wrong
        problem(await sign_in(api, issuer), 403, "provider_refused")
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM users") == 0

    async def test_a_token_by_another_key(self, api: httpx.AsyncClient, issuer: IssuerServer) -> None:
        """Under the right name."""
        issuer.wrong = {"key": IssuerServer().key}
        problem(await sign_in(api, issuer), 403, "provider_refused")

    async def test_keys_are_rotated(
        self, api: httpx.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An unknown one has them read again, but not at once after they were read."""
        await sign_in(api, issuer)
        issuer.rotate()
        problem(await sign_in(api, issuer), 403, "provider_refused")
        monkeypatch.setattr("matinee.modules.sign_in_providers.issuer._SOONEST", 0)
        assert (await sign_in(api, issuer)).status_code == 200
        assert issuer.asked == ["metadata", "keys", "keys"]

    async def test_another_browser_does_not_come_back(self, api: httpx.AsyncClient, issuer: IssuerServer) -> None:
        """Without what the browser carries, with another's, with another state, or too late."""
        returned = await begin(api, issuer)
        api.cookies.clear()
        problem(await api.post(f"{WORK}/sign-in", json=returned), 403, "provider_refused")
        await begin(api, issuer)
        problem(await api.post(f"{WORK}/sign-in", json=returned), 403, "provider_refused")
        other = {**await begin(api, issuer), "state": secrets.token_urlsafe(32)}
        problem(await api.post(f"{WORK}/sign-in", json=other), 403, "provider_refused")

    async def test_a_journey_ends_after_ten_minutes(
        self, api: httpx.AsyncClient, issuer: IssuerServer, clock: Clock
    ) -> None:
        """By the server's clock."""
        returned = await begin(api, issuer)
        clock.offset += 601
        problem(await api.post(f"{WORK}/sign-in", json=returned), 403, "provider_refused")

    async def test_a_code_works_once(self, api: httpx.AsyncClient, issuer: IssuerServer) -> None:
        """The issuer sees to it; what it refuses is refused here."""
        returned = await begin(api, issuer)
        assert (await api.post(f"{WORK}/sign-in", json=returned)).status_code == 200
        problem(await api.post(f"{WORK}/sign-in", json=returned), 403, "provider_refused")

    async def test_an_issuer_that_is_away_or_answers_nonsense(
        self, api: httpx.AsyncClient, issuer: IssuerServer
    ) -> None:
        """503, never a crash; what is too long is not read."""
        problem(await api.post(f"{PATH}/gone/begin", json={}), 503, "provider_unavailable")
        problem(await api.post(f"{PATH}/none/begin", json={}), 404, "provider_not_found")
        for body in (b"nonsense", b"[]", b"{}", b" " * 300_000, b"\xff"):
            issuer.body = body
            problem(await sign_in(api, issuer), 503, "provider_unavailable")

    async def test_an_issuer_under_another_name(self, api: httpx.AsyncClient, issuer: IssuerServer) -> None:
        """It is not the one that the settings mean."""
        issuer.metadata["issuer"] = "https://evil.example.org"
        problem(await api.post(f"{WORK}/begin", json={}), 503, "provider_unavailable")


class TestLinking:
    async def test_a_link_is_of_one_account(self, issuer: IssuerServer, ada: Person, bob: Person) -> None:
        """The first one."""
        assert (await link(ada, issuer)).status_code == 201
        problem(await link(bob, issuer), 409, "linked_elsewhere")

    async def test_an_open_session_is_not_enough(self, issuer: IssuerServer, ada: Person) -> None:
        """To link or to unlink."""
        problem(await ada.post(f"{WORK}/begin-link"), 403, "proof_required")
        linked = (await link(ada, issuer)).json()
        problem(await ada.post(f"{LINKS}/{linked['id']}/remove"), 403, "proof_required")

    async def test_what_was_begun_for_one_account_links_no_other(
        self, issuer: IssuerServer, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Nor does it sign in."""
        returned = issuer.visit((await ada.post(f"{WORK}/begin-link", PROOF)).json()["url"])
        problem(await bob.post(f"{WORK}/link", returned), 403, "provider_refused")
        problem(await api.post(f"{WORK}/sign-in", json=returned), 403, "provider_refused")

    async def test_unlinked_it_opens_nothing(self, issuer: IssuerServer, ada: Person, bob: Person) -> None:
        """Bob cannot do it for Ada."""
        issuer.claims["email"] = ada.email
        path = f"{LINKS}/{(await link(ada, issuer)).json()['id']}/remove"
        problem(await bob.post(path, PROOF), 404, "link_not_found")
        assert (await ada.post(path, PROOF)).status_code == 204
        problem(await sign_in(ada.client, issuer), 409, "sign_in_to_link")

    async def test_the_last_way_in_stays(
        self, api: httpx.AsyncClient, issuer: IssuerServer, services: Services
    ) -> None:
        """Of an account without a password, until it has one."""
        kim = as_person(api, await sign_in(api, issuer))
        path = f"{LINKS}/{(await kim.get(LINKS)).json()['items'][0]['id']}/remove"
        problem(await kim.post(path), 409, "last_way_in")
        assert (await sign_in(api, issuer)).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET password_hash = (SELECT 'x')")
        problem(await kim.post(path), 403, "proof_required")
