"""An OpenID Connect issuer on loopback that answers as it is told, also what no honest one would."""

import base64
import hashlib
import secrets
import time
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from tests.ports import free_port

CLIENT, SECRET = "matinee", "between the two of us, and nobody else"


class IssuerServer:
    """Whoever comes is signed in as `claims` say."""

    def __init__(self) -> None:
        self.url = f"http://localhost:{free_port()}"
        self.claims: dict[str, Any] = {"sub": "1", "email": "kim@work.example", "email_verified": True, "name": "Kim"}
        self.asked: list[str] = []
        self.metadata: dict[str, Any] = {}
        self.wrong: dict[str, Any] = {}
        """What is wrong with the tokens that are given out, as arguments of `signed`."""
        self.body: bytes | None = None
        """What the token endpoint answers instead of JSON."""
        self._codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self) -> None:
        """Signs by another key from now on, and publishes that alone."""
        self.key, self.kid = _key(), secrets.token_hex(4)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discover)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "localhost", urlsplit(self.url).port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def visit(self, url: str) -> dict[str, str]:
        """What a browser that is sent to `url` comes back with."""
        query = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_hex(8)
        self._codes[code] = query
        return {"code": code, "state": query["state"]}

    def signed(self, query: dict[str, str], *, key: Any = None, alg: str = "RS256", **claims: Any) -> str:
        """An ID token for a request; whatever is to be wrong about it is said."""
        now = int(time.time())
        honest = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        return jwt.encode(
            {**honest, **self.claims, **claims}, self.key if key is None else key, alg, headers={"kid": self.kid}
        )

    async def _discover(self, request: web.Request) -> web.Response:
        self.asked.append("metadata")
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                **self.metadata,
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        query = self._codes.pop(str(form["code"]), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{quote(SECRET)}".encode()).decode()
        if (
            query is None
            or challenge.rstrip(b"=").decode() != query["code_challenge"]
            or form["redirect_uri"] != query["redirect_uri"]
            or request.headers.get("Authorization") != f"Basic {basic}"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        if self.body is not None:
            return web.Response(body=self.body, content_type="application/json")
        token = self.signed(query, **self.wrong)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})


def _key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)
