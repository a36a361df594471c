"""Who is calling: access tokens (JWT) are made and verified here.

Sessions are the business of `modules/auth`, API keys that of `modules/api_keys`.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal, Protocol
from uuid import UUID, uuid4

import jwt
import msgspec
from jwt.utils import base64url_encode

from matinee.common.clock import Clock, system_clock
from matinee.common.database import RowUUID
from matinee.common.errors import Forbidden, Unauthenticated
from matinee.common.keys.port import TokenKey

ISSUER = "matinee"
AUDIENCE = "matinee-api"
_REMEMBERED = 10_000  # verified tokens; ~1 kB each. A verification costs 50 µs, a look-up 1 µs
_LEEWAY = 5  # seconds of clock difference between machines that are forgiven

KEY_MARK = "mtn_"  # how every API key begins; no access token does

Role = Literal["USER", "ADMIN"]
TeamRole = Literal["owner", "editor", "viewer"]
KeyScope = Literal[
    "videos:read", "videos:write", "uploads:write", "playlists:read", "playlists:write", "account:read"
]


class InvalidToken(Unauthenticated):
    """The access token is not valid or has expired; refresh it or sign in again."""

    code = "invalid_token"


class InvalidApiKey(Unauthenticated):
    """The API key is unknown, expired or revoked; make another one."""

    code = "invalid_api_key"

    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ApiKeyNotExchanged(Unauthenticated):
    """This server takes API keys at `POST /api/v1/auth/token` alone; send the access token that you get there."""

    code = "api_key_not_exchanged"


class InsufficientScope(Forbidden):
    """The API key does not have the scope that this needs; use a key that has it."""

    code = "insufficient_scope"

    def __init__(self, needed: KeyScope) -> None:
        super().__init__(f"This needs an API key with the scope `{needed}`; make one, or use another.")
        self.needed = needed

    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.needed}"'}


class NotForApiKeys(Forbidden):
    """No API key may do this, whatever its scopes; sign in instead."""

    code = "not_for_api_keys"


class EmailNotVerified(Forbidden):
    """This server wants addresses to be verified first; follow the link of the letter, or ask for another."""

    code = "email_not_verified"


class SecondFactorMissing(Forbidden):
    """This server wants administrators to have a second factor; set one up under "Signing in", then sign in again."""

    code = "second_factor_missing"


class ApiKeyUsed(msgspec.Struct, frozen=True):
    """The API key by which a user calls."""

    id: UUID
    scopes: frozenset[KeyScope]
    is_exchanged: bool = False
    """Whether it was exchanged for the access token that was presented."""


class Caller(msgspec.Struct, frozen=True):
    """The user behind a request, signed in or by an API key."""

    user_id: UUID
    role: Role
    session_id: UUID | None
    key: ApiKeyUsed | None = None
    expires_at: float = math.inf
    """When the access token or the API key ends that was presented, in seconds since the epoch."""
    teams: Mapping[UUID, TeamRole] = {}
    """The teams that the user belongs to, as they were when the token was made or the key was looked at."""
    is_verified: bool = True
    """Whether he had shown by then that he reads the letters to his address."""
    lacks_second_factor: bool = False
    """Whether he would be an administrator if he had one: until then his role is any user's."""

    def has(self, scope: KeyScope) -> bool:
        """Whether it may do what needs the scope: by its key, or because it comes without one."""
        return self.key is None or scope in self.key.scopes

    def require(self, *scopes: KeyScope) -> None:
        """Raises InsufficientScope where one is missing that an operation needs in some cases alone."""
        for scope in scopes:
            if not self.has(scope):
                raise InsufficientScope(scope)


class KeyVerifier(Protocol):
    """Knows whose an API key is."""

    async def verify(self, secret: str, client: str) -> Caller:
        """The user whose key it is, never with an administrator's role; raises InvalidApiKey.

        Raises RateLimited where `client`, an address, has brought too many that are none.
        """


class Standing(Protocol):
    """Knows whose access has ended since he signed in."""

    async def has_access(self, caller: Caller) -> bool:
        """Whether who signed in still is, and may be; as of a second ago at most."""

    def is_known_to_have_access(self, caller: Caller) -> bool:
        """The same where it needs no look at anything; False says nothing."""


class _KeyClaim(msgspec.Struct):
    id: UUID
    scopes: frozenset[KeyScope]


class _Claims(msgspec.Struct):
    sub: UUID
    role: Role
    exp: int
    sid: UUID | None = None
    key: _KeyClaim | None = None
    teams: dict[UUID, TeamRole] = {}
    unverified: bool = False
    lacks_second_factor: bool = False


class AccessTokens:
    """Makes and verifies access tokens. Keys are found by `kid`, so they can be rotated; each has its algorithm."""

    def __init__(self, keys: Mapping[str, TokenKey], *, lifetime: int, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._signing_kid = next(iter(keys))
        self._clock = clock
        self._verified: OrderedDict[str, Caller] = OrderedDict()
        self.lifetime = lifetime  # seconds

    def lifetime_of(self, caller: Caller) -> int:
        """How many seconds a token of the caller lasts: no longer than the API key that it is given for."""
        return int(min(self.lifetime, caller.expires_at - _LEEWAY - self._clock()))

    async def issue(self, caller: Caller) -> str:
        """A token that names the caller, of a session or an API key. Raises KeysUnavailable."""
        now = int(self._clock())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(caller.user_id),
            "role": caller.role,
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime_of(caller),
        }
        if caller.key is None:
            claims["sid"] = str(caller.session_id)
        else:
            claims["key"] = {"id": str(caller.key.id), "scopes": sorted(caller.key.scopes)}
        if caller.teams:
            claims["teams"] = {str(team): role for team, role in caller.teams.items()}
        if not caller.is_verified:
            claims["unverified"] = True
        if caller.lacks_second_factor:
            claims["lacks_second_factor"] = True
        key = self._keys[self._signing_kid]
        header = {"alg": key.algorithm, "kid": self._signing_kid, "typ": "JWT"}
        signed = b".".join(base64url_encode(msgspec.json.encode(part)) for part in (header, claims))
        return b".".join((signed, base64url_encode(await key.sign(signed)))).decode()

    def verify(self, token: str) -> Caller:
        """The caller that the token names; raises InvalidToken."""
        caller = self._verified.get(token)
        if caller is None:
            caller = self._verified[token] = self._verify_signature(token)
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        if caller.expires_at + _LEEWAY <= self._clock():
            self._verified.pop(token, None)
            raise InvalidToken
        return caller

    def _verify_signature(self, token: str) -> Caller:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            payload = jwt.decode(
                token,
                key.verifier,
                algorithms=[key.algorithm],
                audience=AUDIENCE,
                issuer=ISSUER,
                # our own clock judges `exp`, here and for remembered tokens alike
                options={"require": ["exp", "iat", "sub", "jti"], "verify_exp": False, "verify_iat": False},
            )
            claims = msgspec.convert(payload, _Claims)
        except (jwt.PyJWTError, KeyError, TypeError, RecursionError, msgspec.ValidationError):
            # RecursionError: a header of nested brackets, before any signature is checked
            raise InvalidToken from None
        if (claims.sid is None) is (claims.key is None):
            raise InvalidToken
        used = None if claims.key is None else ApiKeyUsed(claims.key.id, claims.key.scopes, is_exchanged=True)
        # compared with the owner of every row: with a UUID of another class that takes 1.6 µs instead of 0.05
        teams: dict[UUID, TeamRole] = {RowUUID(team.bytes): role for team, role in claims.teams.items()}
        return Caller(
            RowUUID(claims.sub.bytes),
            claims.role,
            claims.sid,
            used,
            expires_at=claims.exp,
            teams=teams,
            is_verified=not claims.unverified,
            lacks_second_factor=claims.lacks_second_factor,
        )
