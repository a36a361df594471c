"""Signing in, and the cookie that a browser keeps of it."""

from uuid import UUID

import httpx
import jwt
import msgspec
from tests.integration.conftest import PASSWORD, Person, SignUp, client_of, problem, sha256
from tests.integration.modules.auth.signing_in import AUTH, OTHER, log_in

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.modules.auth.repository import issue_token

LOGIN, REFRESH, LOGOUT = (f"{AUTH}/{operation}" for operation in ("login", "refresh", "logout"))


def over_https(services: Services) -> httpx.AsyncClient:
    """A browser of a server that is reached by https."""
    services.settings = msgspec.structs.replace(
        services.settings, public_url="https://video.example.org", cookie_secure=True
    )
    return client_of(create_app(services), "https://video.example.org")


def former(token: str) -> dict[str, str]:
    """The session's cookie as it was called over https before it had a prefix."""
    return {"Cookie": f"matinee_refresh={token}"}


async def test_it_gives_tokens_and_a_cookie_for_browsers(ada: Person, api: httpx.AsyncClient) -> None:
    """HttpOnly, SameSite; over plain http for the auth paths alone."""
    answer = await api.post(LOGIN, json={"email": ada.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    cookie = answer.headers["set-cookie"]
    assert f"matinee_refresh={body['refresh_token']}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/api/v1/auth" in cookie


async def test_the_access_token_has_every_claim(ada: Person) -> None:
    """kid, iss, aud, sub, jti and fifteen minutes."""
    header = jwt.get_unverified_header(ada.tokens["access_token"])
    claims = jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})
    assert header == {"alg": "HS256", "kid": "test", "typ": "JWT"}
    assert claims["iss"] == "matinee"
    assert claims["aud"] == "matinee-api"
    assert claims["sub"] == ada.id
    assert claims["exp"] - claims["iat"] == 900
    assert claims["jti"]


async def test_wrong_password_and_unknown_account_answer_alike(ada: Person, api: httpx.AsyncClient) -> None:
    """So that nobody learns who has an account."""
    wrong = await log_in(api, ada.email, "not the one")
    unknown = await log_in(api, "nobody@example.org", "not the one")
    bodies = [problem(answer, 401, "invalid_credentials") for answer in (wrong, unknown)]
    assert bodies[0]["detail"] == bodies[1]["detail"]


async def test_an_account_of_before_signs_in_as_it_was_typed(
    ada: Person, api: httpx.AsyncClient, services: Services
) -> None:
    """Addresses used to be stored as they came."""
    typed = "Ada@xn--bcher-kva.example.org"
    async with services.database.connection() as db:
        await execute(db, "UPDATE users SET email = %s", (typed,))
    assert (await log_in(api, typed, PASSWORD)).status_code == 200
    other = {"email": "ada@b\u00fccher.example.org", "password": OTHER, "name": "Ada"}
    assert (await api.post(f"{AUTH}/register", json=other)).status_code == 201  # which shuts nobody out
    assert (await log_in(api, typed, PASSWORD)).status_code == 200


async def test_over_https_the_cookie_never_leaves_it(services: Services, ada: Person) -> None:
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
    services: Services, ada: Person, sign_up: SignUp
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
