"""Who is calling: access tokens (JWT) are made and verified here; sessions are the business of `modules/auth`."""

from collections import OrderedDict
from typing import Literal
from uuid import UUID, uuid4

import jwt
import msgspec

from matinee.common.clock import Clock, system_clock
from matinee.common.database import RowUUID
from matinee.common.errors import Unauthenticated

ALGORITHM = "HS256"
ISSUER = "matinee"
AUDIENCE = "matinee-api"
_REMEMBERED = 10_000  # verified tokens; ~1 kB each. A verification costs 50 µs, a look-up 1 µs
_LEEWAY = 5  # seconds of clock difference between machines that are forgiven

Role = Literal["USER", "ADMIN"]


class InvalidToken(Unauthenticated):
    """The access token is not valid or has expired; refresh it or sign in again."""

    code = "invalid_token"


class Caller(msgspec.Struct, frozen=True):
    """The signed-in user behind a request."""

    user_id: UUID
    role: Role
    session_id: UUID


class _Claims(msgspec.Struct):
    sub: UUID
    sid: UUID
    role: Role
    exp: int


class AccessTokens:
    """Makes and verifies access tokens. The algorithm is pinned; keys are found by `kid`, so they can be rotated."""

    def __init__(self, keys: dict[str, str], *, lifetime: int, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._signing_kid = next(iter(keys))
        self._clock = clock
        self._verified: OrderedDict[str, tuple[Caller, float]] = OrderedDict()
        self.lifetime = lifetime  # seconds

    def issue(self, caller: Caller) -> str:
        """A token that names the caller, valid for `lifetime` seconds."""
        now = int(self._clock())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(caller.user_id),
            "sid": str(caller.session_id),
            "role": caller.role,
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime,
        }
        headers = {"kid": self._signing_kid}
        return jwt.encode(claims, self._keys[self._signing_kid], algorithm=ALGORITHM, headers=headers)

    def verify(self, token: str) -> Caller:
        """The caller that the token names; raises InvalidToken."""
        known = self._verified.get(token)
        if known is None:
            known = self._verify_signature(token)
            self._verified[token] = known
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        caller, expiry = known
        if expiry + _LEEWAY <= self._clock():
            self._verified.pop(token, None)
            raise InvalidToken
        return caller

    def _verify_signature(self, token: str) -> tuple[Caller, float]:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # our own clock judges `exp`, here and for remembered tokens alike
                options={"require": ["exp", "iat", "sub", "jti"], "verify_exp": False, "verify_iat": False},
            )
            claims = msgspec.convert(payload, _Claims)
        except (jwt.PyJWTError, KeyError, TypeError, RecursionError, msgspec.ValidationError):
            # RecursionError: a header of nested brackets, before any signature is checked
            raise InvalidToken from None
        # compared with the owner of every row: with a UUID of another class that takes 1.6 µs instead of 0.05
        return Caller(RowUUID(claims.sub.bytes), claims.role, claims.sid), claims.exp
