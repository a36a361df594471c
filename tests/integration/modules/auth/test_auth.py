"""Registering, signing in, rotating and ending sessions."""

import asyncio
import base64
import contextlib
import json
import time
from datetime import timedelta
from uuid import UUID

import argon2
import httpx
import jwt
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, client_of, problem, sha256

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.keys.environment import SecretTokenKey
from matinee.common.storage.s3 import S3Storage
from matinee.modules.auth.errors import InvalidRefreshToken, RefreshRaced, RefreshTokenReplayed
from matinee.modules.auth.repository import claim_token, issue_token

REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
ME = "/api/v1/auth/me"


@pytest.fixture
def password_cost() -> None:
    """As in earnest."""


def over_https(services: Services) -> httpx.AsyncClient:
    """A browser of a server that is reached by https."""
    services.settings = msgspec.structs.replace(
        services.settings, public_url="https://video.example.org", cookie_secure=True
    )
    return client_of(create_app(services), "https://video.example.org")


def former(token: str) -> dict[str, str]:
    """The session's cookie as it was called over https before it had a prefix."""
    return {"Cookie": f"matinee_refresh={token}"}


def account(**fields: object) -> dict[str, object]:
    return {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", **fields}


class TestRegister:
    async def test_it_answers_the_account_without_its_password(self, api: httpx.AsyncClient) -> None:
        """201 with the public fields alone."""
        answer = await api.post(REGISTER, json=account())
        assert answer.status_code == 201
        assert set(answer.json()) == {"id", "email", "name", "role", "created_at"}
        assert answer.json()["role"] == "USER"

    async def test_the_password_is_stored_as_argon2id(self, api: httpx.AsyncClient, services: Services) -> None:
        """With OWASP's parameters."""
        await api.post(REGISTER, json=account())
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT password_hash FROM users")
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    async def test_an_address_is_taken_in_any_spelling(self, api: httpx.AsyncClient) -> None:
        """Case makes no other account."""
        await api.post(REGISTER, json=account())
        problem(await api.post(REGISTER, json=account(email="ADA@Example.org")), 409, "email_taken")

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("re\u0301ne\u0301@example.org", "r\u00e9n\u00e9@example.org"),
            ("ada@xn--bcher-kva.example.org", "Ada@B\u00dcCHER.example.org"),
            ("ada@b\u00fccher.example.org", "ada@XN--BCHER-KVA.example.org"),
        ],
        ids=["composed", "unicode domain", "ASCII domain"],
    )
    async def test_an_address_is_taken_in_any_encoding(self, api: httpx.AsyncClient, first: str, second: str) -> None:
        """What looks alike and is delivered alike is one account, and it signs in however it is typed."""
        assert (await api.post(REGISTER, json=account(email=first))).status_code == 201
        problem(await api.post(REGISTER, json=account(email=second)), 409, "email_taken")
        for typed in (first, second):
            assert (await api.post(LOGIN, json={"email": typed, "password": PASSWORD})).status_code == 200

    async def test_of_ten_at_once_one_wins(self, api: httpx.AsyncClient) -> None:
        """The constraint decides the race; nobody gets a 500."""
        answers = await asyncio.gather(*(api.post(REGISTER, json=account()) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9

    async def test_every_wrong_field_is_named(self, api: httpx.AsyncClient) -> None:
        """Not only the first one."""
        answer = await api.post(REGISTER, json={"email": "no", "password": "short", "nam": "x"})
        body = problem(answer, 422, "validation_failed")
        assert {fault["path"] for fault in body["errors"]} == {"email", "password", "name", "nam"}

    @pytest.mark.parametrize("email", ["a@b", "a@@b.org", "a b@c.org", "@example.org", "a@exa mple.org"])
    async def test_a_malformed_address_is_refused(self, api: httpx.AsyncClient, email: str) -> None:
        """With the field's name."""
        answer = await api.post(REGISTER, json=account(email=email))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "email"

    async def test_hostile_strings_are_just_strings(self, api: httpx.AsyncClient) -> None:
        """SQL in a name is stored as it is."""
        name = "Robert'); DROP TABLE users;--"
        answer = await api.post(REGISTER, json=account(name=name))
        assert answer.status_code == 201
        assert answer.json()["name"] == name

    @pytest.mark.parametrize("name", ["a\x00b", "a\r\nSet-Cookie: x=1", "", "x" * 81])
    async def test_control_characters_and_wrong_lengths_are_refused(self, api: httpx.AsyncClient, name: str) -> None:
        """Before they reach the database."""
        problem(await api.post(REGISTER, json=account(name=name)), 422, "validation_failed")


class TestIdempotency:
    async def test_the_same_request_is_done_once_and_answered_alike(self, api: httpx.AsyncClient) -> None:
        """The second answer is the stored first one."""
        headers = {"Idempotency-Key": "one"}
        first = await api.post(REGISTER, json=account(), headers=headers)
        again = await api.post(REGISTER, json=account(), headers=headers)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotency-replayed"] == "true"

    async def test_the_key_with_another_body_is_refused(self, api: httpx.AsyncClient) -> None:
        """A key names one request."""
        headers = {"Idempotency-Key": "one"}
        await api.post(REGISTER, json=account(), headers=headers)
        answer = await api.post(REGISTER, json=account(name="Eve"), headers=headers)
        problem(answer, 422, "idempotency_key_reused")

    async def test_in_flight_it_is_refused(self, ada: Person, services: Services) -> None:
        """While another transaction holds the key."""
        from matinee.common.http.idempotency import IdempotentRequest, find_answer

        held = IdempotentRequest(f"init_upload:{ada.id}", "one", b"")
        async with services.database.transaction() as db:
            await find_answer(db, held)
            from tests.integration.conftest import new_video

            answer = await ada.post("/api/v1/videos/init", new_video(), **{"Idempotency-Key": "one"})
        problem(answer, 409, "idempotency_key_in_flight")

    async def test_a_refused_request_may_be_tried_again(self, api: httpx.AsyncClient) -> None:
        """An error rolls back, the key with it."""
        await api.post(REGISTER, json=account())
        headers = {"Idempotency-Key": "one"}
        problem(await api.post(REGISTER, json=account(), headers=headers), 409, "email_taken")
        answer = await api.post(REGISTER, json=account(email="eve@example.org"), headers=headers)
        assert answer.status_code == 201

    async def test_two_at_once_make_one_video(self, ada: Person) -> None:
        """One is done; the other replays it or is told to wait."""
        from tests.integration.conftest import new_video

        answers = await asyncio.gather(
            *(ada.post("/api/v1/videos/init", new_video(), **{"Idempotency-Key": "k"}) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len((await ada.get("/api/v1/videos/mine")).json()["items"]) == 1

    @pytest.mark.parametrize("key", ["", "x" * 256])
    async def test_a_malformed_key_is_refused(self, api: httpx.AsyncClient, key: str) -> None:
        """1 to 255 characters."""
        answer = await api.post(REGISTER, json=account(), headers={"Idempotency-Key": key})
        problem(answer, 422, "invalid_idempotency_key")


class TestLogin:
    async def test_it_gives_tokens_and_a_cookie_for_browsers(self, api: httpx.AsyncClient) -> None:
        """HttpOnly, SameSite; over plain http for the auth paths alone."""
        await api.post(REGISTER, json=account())
        answer = await api.post(LOGIN, json={"email": "ADA@example.org", "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert body["token_type"] == "Bearer"
        assert body["expires_in"] == 900
        cookie = answer.headers["set-cookie"]
        assert f"matinee_refresh={body['refresh_token']}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/api/v1/auth" in cookie

    async def test_the_access_token_has_every_claim(self, ada: Person) -> None:
        """kid, iss, aud, sub, jti and fifteen minutes."""
        header = jwt.get_unverified_header(ada.tokens["access_token"])
        claims = jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})
        assert header == {"alg": "HS256", "kid": "test", "typ": "JWT"}
        assert claims["iss"] == "matinee"
        assert claims["aud"] == "matinee-api"
        assert claims["sub"] == ada.id
        assert claims["exp"] - claims["iat"] == 900
        assert claims["jti"]

    async def test_wrong_password_and_unknown_account_answer_alike(self, ada: Person, api: httpx.AsyncClient) -> None:
        """So that nobody learns who has an account."""
        wrong = await api.post(LOGIN, json={"email": ada.email, "password": "not the one"})
        unknown = await api.post(LOGIN, json={"email": "nobody@example.org", "password": "not the one"})
        bodies = [problem(answer, 401, "invalid_credentials") for answer in (wrong, unknown)]
        assert bodies[0]["detail"] == bodies[1]["detail"]

    async def test_an_unknown_account_costs_as_much_as_a_known_one(
        self, ada: Person, api: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One hash is computed, whoever signs in: time tells nothing either."""
        computed = []
        verify = argon2.PasswordHasher.verify

        def counted(self: argon2.PasswordHasher, stored: str, password: str) -> bool:
            computed.append(argon2.extract_parameters(stored))
            return verify(self, stored, password)

        monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
        for email in (ada.email, "nobody@example.org", "no address at all"):
            problem(
                await api.post(LOGIN, json={"email": email, "password": "not the one"}), 401, "invalid_credentials"
            )
        assert len(computed) == 3
        assert computed[0] == computed[1] == computed[2]

    async def test_an_account_of_before_signs_in_as_it_was_typed(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Addresses used to be stored as they came."""
        typed = "Ada@xn--bcher-kva.example.org"
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email = %s", (typed,))
        assert (await api.post(LOGIN, json={"email": typed, "password": PASSWORD})).status_code == 200
        other = account(email="ada@b\u00fccher.example.org", password="another good one")
        assert (await api.post(REGISTER, json=other)).status_code == 201  # which shuts nobody out
        assert (await api.post(LOGIN, json={"email": typed, "password": PASSWORD})).status_code == 200

    async def test_over_https_the_cookie_never_leaves_it(self, services: Services, ada: Person) -> None:
        """Nor its host: by the prefix, also when it is cleared."""
        async with over_https(services) as client:
            answers = [await client.post(LOGIN, json={"email": ada.email, "password": PASSWORD})]
            answers.append(await client.post(REFRESH, json={}))
            answers.append(await client.post(LOGOUT, json={}))
        assert [answer.status_code for answer in answers] == [200, 200, 204]
        for cookie in (cookie for answer in answers for cookie in answer.headers.get_list("set-cookie")):
            name, _, flags = cookie.partition("=")
            assert name in ("__Host-matinee_refresh", "__Host-matinee_device")
            assert flags.endswith("; Path=/; Secure; HttpOnly; SameSite=Strict")

    async def test_who_signed_in_before_the_prefix_stays_signed_in(
        self, services: Services, ada: Person, sign_up: SignUp
    ) -> None:
        """By the former cookies, which are replaced; a neighbour of the domain can set none that counts."""
        session_id = jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})["sid"]
        async with services.database.transaction() as db:
            await issue_token(db, sha256("of-before"), UUID(session_id), 7)
        neighbours = (await sign_up()).tokens["refresh_token"]
        async with over_https(services) as client:
            problem(await client.post(REFRESH, json={}, headers=former(neighbours)), 401, "invalid_refresh_token")
            answer = await client.post(REFRESH, json={}, headers=former("of-before"))
            assert answer.json()["user"]["id"] == ada.id
            assert client.cookies["__Host-matinee_refresh"] == answer.json()["refresh_token"]
            cleared = answer.headers.get_list("set-cookie")[1]
            assert cleared == "matinee_refresh=; Max-Age=0; Path=/api/v1/auth; Secure; HttpOnly; SameSite=Strict"
            both = former(neighbours)["Cookie"] + f"; __Host-matinee_refresh={answer.json()['refresh_token']}"
            again = await client.post(REFRESH, json={}, headers={"Cookie": both})
            assert again.json()["user"]["id"] == ada.id

    async def test_an_old_hash_is_replaced(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """When the parameters have changed since."""
        old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET password_hash = %s WHERE email = %s", (old, ada.email))
        assert (await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).status_code == 200
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT password_hash FROM users WHERE email = %s", (ada.email,))
        assert "m=19456,t=2" in stored


class TestPeppers:
    async def test_a_hash_gets_todays_pepper_at_sign_in(
        self, ada: Person, settings: Settings, storage: S3Storage, services: Services
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
                login = await client.post(LOGIN, json={"email": ada.email, "password": PASSWORD})
                assert login.status_code == status, (peppers, login.text)
            async with services.database.connection() as db:
                stored = await fetch_value(db, "SELECT password_hash FROM users WHERE email = %s", (ada.email,))
            assert stored.startswith(begins)


class RollBack(Exception):
    """Undoes the transaction it is raised in."""


class TestRefresh:
    async def refresh(self, api: httpx.AsyncClient, token: str) -> httpx.Response:
        api.cookies.clear()
        return await api.post(REFRESH, json={"refresh_token": token})

    async def test_it_rotates(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A new pair, and the new one works."""
        first = await self.refresh(api, ada.tokens["refresh_token"])
        assert first.status_code == 200
        assert first.json()["refresh_token"] != ada.tokens["refresh_token"]
        assert (await self.refresh(api, first.json()["refresh_token"])).status_code == 200

    async def test_the_cookie_works_too(self, api: httpx.AsyncClient) -> None:
        """For browsers, with an empty body."""
        await api.post(REGISTER, json=account())
        await api.post(LOGIN, json={"email": "ada@example.org", "password": PASSWORD})
        assert (await api.post(REFRESH, json={})).status_code == 200
        assert (await api.post(REFRESH, json={})).status_code == 200

    SITES = pytest.mark.parametrize(
        ("site", "origin", "status"),
        [
            ("same-origin", "http://localhost:3000", 200),
            ("same-site", "https://films.example.org", 200),
            ("same-site", "https://neighbour.example.org", 401),
            ("cross-site", "null", 401),
        ],
    )

    @SITES
    async def test_no_other_site_signs_a_browser_in(
        self, site: str, origin: str, status: int, services: Services
    ) -> None:
        """To an account of its own: a body without a type needs nobody's leave, and a neighbour's cookie is kept."""
        services.settings = msgspec.structs.replace(services.settings, cors_origins=("https://films.example.org",))
        headers = {"Sec-Fetch-Site": site, "Origin": origin}
        async with client_of(create_app(services)) as api:
            await api.post(REGISTER, json=account())
            body = msgspec.json.encode({"email": "ada@example.org", "password": PASSWORD})
            tokens = (await api.post(LOGIN, content=body, headers=headers)).json()
            assert bool(api.cookies) is (status == 200)
            api.cookies.clear()
            body = msgspec.json.encode({"refresh_token": tokens["refresh_token"]})
            assert (await api.post(REFRESH, content=body, headers=headers)).status_code == 200
            assert bool(api.cookies) is (status == 200)

    @SITES
    async def test_no_other_site_has_the_cookie_sent(
        self, site: str, origin: str, status: int, services: Services
    ) -> None:
        """Not even a neighbour, which `SameSite` lets in, unless the settings name it."""
        services.settings = msgspec.structs.replace(services.settings, cors_origins=("https://films.example.org",))
        async with client_of(create_app(services)) as api:
            await api.post(REGISTER, json=account())
            await api.post(LOGIN, json={"email": "ada@example.org", "password": PASSWORD})
            headers = {"Sec-Fetch-Site": site, "Origin": origin}
            assert (await api.post(REFRESH, json={}, headers=headers)).status_code == status
            left = await api.post(LOGOUT, json={}, headers=headers)
            assert left.status_code == (204 if status == 200 else 401)

    async def test_a_replay_ends_the_whole_family(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Whoever holds the newest token loses it as well."""
        newest = (await self.refresh(api, ada.tokens["refresh_token"])).json()["refresh_token"]
        problem(await self.refresh(api, ada.tokens["refresh_token"]), 401, "refresh_token_replayed")
        problem(await self.refresh(api, newest), 401, "invalid_refresh_token")

    async def test_another_session_survives_the_replay(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A session is one device."""
        other = (await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
        await self.refresh(api, ada.tokens["refresh_token"])
        await self.refresh(api, ada.tokens["refresh_token"])
        assert (await self.refresh(api, other["refresh_token"])).status_code == 200

    async def test_of_several_at_once_one_wins_and_the_session_lives(
        self, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """Overlapping requests are one client racing itself: the losers are told so, and the winner goes on."""
        token = ada.tokens["refresh_token"]
        answers = await asyncio.gather(*(self.refresh(api, token) for _ in range(4)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        for answer in answers:
            if answer is not won[0]:
                problem(answer, 409, "refresh_raced")
                assert "set-cookie" not in answer.headers
        assert (await self.refresh(api, won[0].json()["refresh_token"])).status_code == 200

    async def test_while_another_process_is_at_it_it_does_not_wait(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """It is told at once that it raced; the token is good still when the other one fails."""
        token = ada.tokens["refresh_token"]
        with contextlib.suppress(RollBack):
            async with services.database.transaction() as db:
                assert await claim_token(db, sha256(token), rest=timedelta(days=7), longest=None) is not None
                problem(await self.refresh(api, token), 409, "refresh_raced")
                raise RollBack
        assert (await self.refresh(api, token)).status_code == 200

    async def test_one_that_came_before_the_token_was_used_raced(self, ada: Person, services: Services) -> None:
        """However long it had to wait for a connection; one that came behind it is a replay."""
        token = ada.tokens["refresh_token"]
        before = time.time()
        newest = (await services.sessions.refresh(token, before, None)).refresh_token
        with pytest.raises(RefreshRaced):
            await services.sessions.refresh(token, before, None)
        newest = (await services.sessions.refresh(newest, time.time(), None)).refresh_token
        with pytest.raises(RefreshTokenReplayed):
            await services.sessions.refresh(token, time.time(), None)
        with pytest.raises(InvalidRefreshToken):
            await services.sessions.refresh(newest, time.time(), None)

    async def test_only_hashes_are_stored(self, ada: Person, services: Services) -> None:
        """A copy of the database opens no session."""
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT hash FROM refresh_tokens LIMIT 1")
        assert len(stored) == 32
        assert ada.tokens["refresh_token"].encode() != stored

    async def test_an_expired_one_is_refused(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """After seven days."""
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT (expires_at - issued_at) = interval '7 days' FROM refresh_tokens")
            await db.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
        problem(await self.refresh(api, ada.tokens["refresh_token"]), 401, "invalid_refresh_token")

    @pytest.mark.parametrize("token", ["", "nonsense", "ü", "x" * 200])
    async def test_nonsense_is_refused(self, api: httpx.AsyncClient, token: str) -> None:
        """Without a 500."""
        assert (await self.refresh(api, token)).status_code in {401, 422}


class TestLogout:
    async def test_the_session_ends(self, ada: Person, api: httpx.AsyncClient) -> None:
        """And the cookie is cleared."""
        answer = await api.post(LOGOUT, json={"refresh_token": ada.tokens["refresh_token"]})
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        refused = await api.post(REFRESH, json={"refresh_token": ada.tokens["refresh_token"]})
        problem(refused, 401, "invalid_refresh_token")

    async def test_browsers_sign_out_by_their_cookie(self, ada: Person, api: httpx.AsyncClient) -> None:
        """With an empty body; the session ends, not only the cookie."""
        token = (await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()["refresh_token"]
        assert (await api.post(LOGOUT, json={})).status_code == 204
        assert "matinee_refresh" not in api.cookies
        problem(await api.post(REFRESH, json={"refresh_token": token}), 401, "invalid_refresh_token")

    async def test_without_a_token_it_is_told_where_to_put_it(self, api: httpx.AsyncClient) -> None:
        """There is nothing to end."""
        problem(await api.post(LOGOUT, json={}), 401, "invalid_refresh_token")

    async def test_twice_and_unknown_ones_are_as_good_as_signed_out(
        self, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """The client wants no session, and there is none."""
        for token in (ada.tokens["refresh_token"], ada.tokens["refresh_token"], "unknown"):
            assert (await api.post(LOGOUT, json={"refresh_token": token})).status_code == 204

    async def test_everywhere_ends_every_session(self, ada: Person, api: httpx.AsyncClient) -> None:
        """On all devices."""
        other = (await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
        assert (await ada.post("/api/v1/auth/logout-all", {"password": PASSWORD})).status_code == 204
        for token in (ada.tokens["refresh_token"], other["refresh_token"]):
            problem(await api.post(REFRESH, json={"refresh_token": token}), 401, "invalid_refresh_token")


def forged(header: dict[str, str], claims: dict[str, object], signature: bytes = b"") -> str:
    def encode(part: object) -> str:
        raw = part if isinstance(part, bytes) else json.dumps(part).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return ".".join((encode(header), encode(claims), encode(signature)))


class TestAccessToken:
    def claims(self, ada: Person, **fields: object) -> dict[str, object]:
        claims = jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})
        return {**claims, **fields}

    async def me(self, ada: Person, token: str) -> httpx.Response:
        return await ada.client.get(ME, headers={"Authorization": f"Bearer {token}"})

    async def test_a_good_one_tells_who_one_is(self, ada: Person) -> None:
        """GET auth/me."""
        answer = await ada.get(ME)
        assert answer.json()["email"] == ada.email

    async def test_none_is_asked_for(self, api: httpx.AsyncClient) -> None:
        """With the scheme in WWW-Authenticate."""
        answer = await api.get(ME)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_unsigned_is_refused(self, ada: Person) -> None:
        """The algorithm `none` is no algorithm."""
        for algorithm in ("none", "None", "NONE"):
            token = forged({"alg": algorithm, "typ": "JWT", "kid": "test"}, self.claims(ada, role="ADMIN"))
            problem(await self.me(ada, token), 401, "invalid_token")

    async def test_a_forged_one_is_refused(self, ada: Person) -> None:
        """Another key, another algorithm, another audience, an unknown kid, no kid."""
        key = "k" * 43
        for token in (
            jwt.encode(self.claims(ada), "x" * 43, algorithm="HS256", headers={"kid": "test"}),
            jwt.encode(self.claims(ada), key, algorithm="HS512", headers={"kid": "test"}),
            jwt.encode(self.claims(ada, aud="else"), key, algorithm="HS256", headers={"kid": "test"}),
            jwt.encode(self.claims(ada, iss="else"), key, algorithm="HS256", headers={"kid": "test"}),
            jwt.encode(self.claims(ada), key, algorithm="HS256", headers={"kid": "else"}),
            jwt.encode(self.claims(ada), key, algorithm="HS256"),
            jwt.encode(self.claims(ada, sub="nobody"), key, algorithm="HS256", headers={"kid": "test"}),
            "a.b.c",
            "nonsense",
        ):
            problem(await self.me(ada, token), 401, "invalid_token")

    async def test_an_expired_one_is_refused_also_when_it_was_remembered(self, ada: Person, clock: Clock) -> None:
        """Verified tokens are cached; their expiry is not."""
        assert (await ada.get(ME)).status_code == 200
        clock.offset = 16 * 60
        problem(await ada.get(ME), 401, "invalid_token")

    async def test_another_scheme_is_refused(self, ada: Person) -> None:
        """Basic is not Bearer."""
        answer = await ada.client.get(ME, headers={"Authorization": "Basic YTpi"})
        problem(answer, 401, "unauthenticated")

    async def test_keys_rotate(self, ada: Person, services: Services) -> None:
        """A new key signs; tokens of the old one live on."""
        from matinee.common.http.authentication import AccessTokens

        rotated = AccessTokens({"new": SecretTokenKey("n" * 43), "test": SecretTokenKey("k" * 43)}, lifetime=900)
        caller = rotated.verify(ada.tokens["access_token"])
        assert jwt.get_unverified_header(await rotated.issue(caller))["kid"] == "new"

    async def test_a_deleted_account_is_signed_out(self, ada: Person, services: Services) -> None:
        """Its token still verifies, but names nobody."""
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM users WHERE email = %s", (ada.email,))
        problem(await ada.get(ME), 401, "unauthenticated")


class TestProfile:
    async def test_it_changes_what_is_sent_alone(self, ada: Person) -> None:
        """Fields left out stay."""
        answer = await ada.patch("/api/v1/user/profile", {"bio": "Films the sea.\nDaily."})
        assert answer.status_code == 200
        assert (answer.json()["name"], answer.json()["bio"]) == ("Ada", "Films the sea.\nDaily.")
        assert (await ada.get("/api/v1/user/profile")).json() == answer.json()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 81),
            ("name", "a\nb"),
            ("name", None),
            ("name", 7),
            ("bio", "x" * 501),
            ("bio", "a\x00b"),
            ("bio", None),
            ("role", "ADMIN"),
            ("email", "eve@example.org"),
            ("id", "00000000-0000-0000-0000-000000000000"),
        ],
    )
    async def test_a_bad_field_is_named_and_nothing_changes(self, ada: Person, field: str, value: object) -> None:
        """Also one that is not theirs to change."""
        before = (await ada.get("/api/v1/user/profile")).json()
        answer = await ada.patch("/api/v1/user/profile", {"bio": "New.", "name": "New", field: value})
        assert [fault["path"] for fault in problem(answer, 422, "validation_failed")["errors"]] == [field]
        assert (await ada.get("/api/v1/user/profile")).json() == before

    async def test_strangers_have_none(self, api: httpx.AsyncClient) -> None:
        """Neither to read nor to change."""
        problem(await api.get("/api/v1/user/profile"), 401, "unauthenticated")
        problem(await api.patch("/api/v1/user/profile", json={"name": "Eve"}), 401, "unauthenticated")


class TestStorm:
    async def test_logins_wait_for_their_turn_while_reads_do_not(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Twenty logins hash one after the other off the loop; a read passes them all."""
        logins = [
            asyncio.create_task(api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})) for _ in range(20)
        ]
        await asyncio.sleep(0)
        assert (await ada.get(ME)).status_code == 200
        assert sum(login.done() for login in logins) < len(logins) / 2
        assert {answer.status_code for answer in await asyncio.gather(*logins)} == {200}


class TestRateLimit:
    @pytest.fixture
    def settings(self, settings):  # type: ignore[no-untyped-def]
        return msgspec.structs.replace(settings, rate_limits=True)

    async def test_past_the_limit_it_says_when_to_come_back(self, api: httpx.AsyncClient) -> None:
        """Ten logins a minute from one address."""
        body = {"email": "nobody@example.org", "password": "wrong password"}
        first = await api.post(LOGIN, json=body)
        assert first.status_code == 401
        for _ in range(9):
            await api.post(LOGIN, json=body)
        refused = await api.post(LOGIN, json=body)
        problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit-limit"] == "10"
        assert refused.headers["ratelimit-remaining"] == "0"

    @pytest.mark.parametrize(
        ("path", "body", "hits", "seconds", "status"),
        [(REGISTER, {"email": "no", "password": "no", "name": ""}, 20, 3600, 422), (REFRESH, {}, 60, 60, 401)],
        ids=["register", "refresh"],
    )
    async def test_each_operation_counts_for_itself(
        self, api: httpx.AsyncClient, path: str, body: dict[str, str], hits: int, seconds: int, status: int
    ) -> None:
        """Also requests that are refused; every answer tells what is left."""
        for left in reversed(range(hits)):
            answer = await api.post(path, json=body)
            assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (status, str(left))
        refused = await api.post(path, json=body)
        problem(refused, 429, "rate_limited")
        headers = refused.headers
        assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == (str(hits), "0")
        assert headers["retry-after"] == headers["ratelimit-reset"]
        assert seconds - 60 <= int(headers["retry-after"]) <= seconds
        other = await api.post(LOGIN, json={"email": "nobody@example.org", "password": "x"})
        problem(other, 401, "invalid_credentials")


async def test_sign_up_makes_different_people(sign_up: SignUp) -> None:
    """The fixture itself."""
    assert (await sign_up()).id != (await sign_up()).id
