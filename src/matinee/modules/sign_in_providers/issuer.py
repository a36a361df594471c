"""An OpenID Connect issuer, as far as we ask it: the authorization code flow with PKCE, and what its ID tokens say.

Whatever it answers is bounded in time and size, and believed only as far as its signature goes.
"""

import base64
import hashlib
import hmac
import time
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import jwt
import msgspec

from matinee.common.config import SignInProvider
from matinee.modules.sign_in_providers.errors import ProviderRefused, ProviderUnavailable

# Signatures alone that a public key verifies: neither `none`, nor HMAC, for which the key would have to be secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_TIMEOUT = aiohttp.ClientTimeout(total=8)
_MOST_BYTES = 256 * 1024
_REMEMBERED = 3600.0  # seconds that metadata is remembered
_SOONEST = 30.0  # seconds until keys are fetched again because one is not among them
_LEEWAY = 60  # seconds of clock difference that are forgiven

_Read = TypeVar("_Read", bound=msgspec.Struct)


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Answer(msgspec.Struct, frozen=True):
    id_token: str


class Identity(msgspec.Struct, frozen=True):
    """Who signs in, by the issuer's word."""

    sub: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    preferred_username: str | None = None

    @property
    def label(self) -> str:
        """Who that is, for people."""
        return _printable(self.email or self.preferred_username or self.name or self.sub)[:254]

    @property
    def display_name(self) -> str:
        """What others are shown of a new account: never the address."""
        return _printable(self.name or self.preferred_username or "")[:80].strip() or "Somebody"


class Issuer:
    """One provider. Its metadata and keys are remembered by the process."""

    def __init__(self, provider: SignInProvider, redirect_uri: str) -> None:
        self.provider = provider
        self._redirect_uri = redirect_uri
        self._metadata: tuple[float, _Metadata] | None = None
        self._keys: tuple[float, list[jwt.PyJWK]] | None = None

    async def departure(self, state: str, nonce: str, verifier: str) -> str:
        """Where a browser goes to sign in. Raises ProviderUnavailable."""
        metadata = await self._discovered()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{separator}{urlencode(query)}"

    async def identity(self, code: str, nonce: str, verifier: str) -> Identity:
        """Who comes back with this code. Raises ProviderRefused and ProviderUnavailable."""
        metadata = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self.provider.client_id,
            "code_verifier": verifier,
        }
        secret, headers = self.provider.client_secret, {}
        if secret is not None and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(self.provider.client_id, secret)
        elif secret is not None:
            form["client_secret"] = secret
        status, body = await _fetch("POST", metadata.token_endpoint, data=form, headers=headers)
        if 400 <= status < 500:
            raise ProviderRefused
        return await self._verified(_read(body, _Answer).id_token if status == 200 else _unusable(status), nonce)

    async def _verified(self, token: str, nonce: str) -> Identity:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header["alg"]
            if algorithm not in ALGORITHMS:
                raise ProviderRefused
            claims = jwt.decode(
                token,
                (await self._key(header.get("kid"))).key,
                algorithms=[algorithm],
                audience=self.provider.client_id,
                issuer=self.provider.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "sub", "nonce"]},
            )
            identity = msgspec.convert(claims, Identity)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
            raise ProviderRefused from None
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if several else self.provider.client_id) != self.provider.client_id:
            raise ProviderRefused  # given to somebody else, who passes it on
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise ProviderRefused  # of another sign-in
        return identity

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key of that name. Where it is not known the keys are read again: they are changed from time to time."""
        for longest in (_REMEMBERED, _SOONEST):
            keys = await self._published(longest)
            found = keys if kid is None else [key for key in keys if key.key_id == kid]
            if len(found) == 1:
                return found[0]
        raise ProviderRefused

    async def _published(self, longest: float) -> list[jwt.PyJWK]:
        now = time.monotonic()
        if self._keys is None or now - self._keys[0] >= longest:
            status, body = await _fetch("GET", (await self._discovered()).jwks_uri)
            try:
                keys = jwt.PyJWKSet.from_json(body.decode()).keys if status == 200 else []
            except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
                keys = []
            if not keys:
                raise ProviderUnavailable
            self._keys = (now, keys)
        return self._keys[1]

    async def _discovered(self) -> _Metadata:
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[0] >= _REMEMBERED:
            url = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            status, body = await _fetch("GET", url)
            metadata = _read(body, _Metadata) if status == 200 else _unusable(status)
            if metadata.issuer != self.provider.issuer:
                raise ProviderUnavailable("The sign-in provider calls itself by another name than the settings do.")
            self._metadata = (now, metadata)
        return self._metadata[1]


async def _fetch(method: str, url: str, **request: Any) -> tuple[int, bytes]:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, allow_redirects=False, **request) as answer,
        ):
            body = bytearray()
            async for chunk in answer.content.iter_chunked(16 * 1024):
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise ProviderUnavailable
            return answer.status, bytes(body)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        raise ProviderUnavailable from None


def _basic(name: str, secret: str) -> str:
    pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"  # as RFC 6749, 2.3.1, has it
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _read(body: bytes, into: type[_Read]) -> _Read:
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderUnavailable from None


def _unusable(status: int) -> Any:
    raise ProviderUnavailable(f"The sign-in provider answered {status}; try again shortly, or sign in another way.")
