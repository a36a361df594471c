"""Access tokens: what they say and when they are refused."""

import base64
import json

import httpx
import jwt
from tests.integration.conftest import Clock, Person, problem

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.common.http.authentication import AccessTokens
from matinee.common.keys.environment import SecretTokenKey

ME = "/api/v1/auth/me"


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

    async def test_a_forged_one_is_refused(self, ada: Person, services: Services) -> None:
        """Another key, another algorithm, another audience, an unknown kid, no kid."""
        key = services.settings.signing_keys()["test"]
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
        keys = {"new": "n" * 43, **services.settings.signing_keys()}
        rotated = AccessTokens({key_id: SecretTokenKey(key) for key_id, key in keys.items()}, lifetime=900)
        caller = rotated.verify(ada.tokens["access_token"])
        assert jwt.get_unverified_header(await rotated.issue(caller))["kid"] == "new"

    async def test_a_deleted_account_is_signed_out(self, ada: Person, services: Services) -> None:
        """Its token still verifies, but names nobody."""
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM users WHERE email = %s", (ada.email,))
        problem(await ada.get(ME), 401, "unauthenticated")
