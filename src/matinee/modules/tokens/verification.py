"""Whether a playback token that is presented holds, and what it allows."""

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

import jwt
import msgspec
import structlog
from jwt.types import Options

from matinee.common.clock import Clock
from matinee.common.http.authentication import Standing, TeamRole
from matinee.common.http.viewer import Bearer, Grant, PlaybackTokenExpired, PlaybackTokenRefused
from matinee.modules.teams.memberships import Memberships
from matinee.modules.tokens.keys import KeyRing
from matinee.modules.tokens.rules import LONGEST, Claims, misplaced, refusal
from matinee.modules.tokens.seals import Seals

log = structlog.get_logger()

_REMEMBERED = 10_000  # verified tokens, ~1 kB each. A verification costs 80 µs, a look-up 1 µs
_LEEWAY = 5  # seconds of clock difference between machines that are forgiven

# Our own clock judges the times, of remembered tokens too.
_READING: Options = {
    "require": ["exp", "sub", "aud"],
    "verify_aud": False,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
}


class _Verified(msgspec.Struct, frozen=True):
    """A token whose signature holds."""

    kid: UUID
    claims: Claims
    grant: Grant


class SealedToken(NamedTuple):
    """A token for the player of our embed page."""

    token: str
    pages: list[str]
    """Hosts whose pages may embed that page."""


class PlaybackTokens:
    """Reads the tokens that requests carry: `common.http.viewer.Grants`."""

    def __init__(
        self, keys: KeyRing, seals: Seals, standing: Standing, memberships: Memberships, *, clock: Clock
    ) -> None:
        self._keys = keys
        self._seals = seals
        self._standing = standing
        self._memberships = memberships
        self._clock = clock
        self._verified: OrderedDict[str, _Verified] = OrderedDict()

    async def open(self, token: str, bearer: Bearer) -> Grant:
        """What a token allows its bearer. Raises PlaybackTokenRefused and PlaybackTokenExpired."""
        verified = await self._opened(token, bearer)
        team, account = verified.claims.team, verified.grant.account
        if team is None or account is None:
            return verified.grant
        return _in_team(verified.grant, team, await self._memberships.role(team, account.user_id))

    async def seal(self, token: str, bearer: Bearer) -> SealedToken | None:
        """The token for the player of our embed page, which `bearer` has opened; None where it needs no seal.

        Raises PlaybackTokenRefused and PlaybackTokenExpired: also for one that is sealed already.
        """
        if self._seals.is_sealed(token):
            raise PlaybackTokenRefused
        claims = (await self._opened(token, bearer)).claims
        return SealedToken(self._seals.seal(token), claims.referrers) if claims.referrers else None

    def known(self, token: str) -> Grant | None:
        """The same, where the token and its key were seen lately and it is the same whoever presents it."""
        verified = self._verified.get(token)
        if verified is None or self._keys.known(verified.kid) is None or not verified.claims.is_for_anyone:
            return None
        account = verified.grant.account
        if account is not None and not self._standing.is_known_to_have_access(account):
            return None
        if self._untimely(verified.claims) is not None:
            return None
        team = verified.claims.team
        if team is None or account is None:
            return verified.grant
        role = self._memberships.known(team, account.user_id)
        return None if role is None else _in_team(verified.grant, team, role)

    async def _opened(self, token: str, bearer: Bearer) -> _Verified:
        verified = await self._verify(token)
        untimely = self._untimely(verified.claims)
        if untimely is not None:
            raise untimely
        refused = refusal(verified.claims, bearer)
        if refused is not None:
            raise PlaybackTokenRefused(refused)
        account = verified.grant.account
        if account is not None and not await self._standing.has_access(account):
            raise PlaybackTokenRefused("Whoever this token stands for has signed out, or may no longer watch.")
        return verified

    async def _verify(self, token: str) -> _Verified:
        signed, is_sealed = self._seals.opened(token)
        kid = _kid(signed)
        key = await self._keys.find(kid)
        if key is None:
            raise PlaybackTokenRefused
        verified = self._verified.get(token)
        if verified is None:
            try:
                payload = jwt.decode(signed, key.key, algorithms=[key.algorithm], options=_READING)
                claims = msgspec.convert(payload, Claims, strict=False)
                claims.viewer.encode()  # JSON can hold what is no text
            except (jwt.PyJWTError, TypeError, ValueError, RecursionError) as error:  # UnicodeError: a ValueError
                raise PlaybackTokenRefused(_explained(error)) from None
            if key.owner_id is not None and claims.claims_what_we_alone_may:
                raise PlaybackTokenRefused("This token stands for an account, which only the server can sign for.")
            wrong = misplaced(claims)
            if wrong is not None:
                raise PlaybackTokenRefused(f"This token contradicts itself: {wrong}")
            if is_sealed:  # its own rule about pages was kept when our page was opened
                claims = msgspec.structs.replace(claims, referrers=[self._seals.host])
            verified = self._verified[token] = _Verified(kid, claims, claims.grant(key.owner_id))
            log.info("playback_token_seen", video_id=str(claims.sub), viewer=claims.viewer, kid=str(kid))
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return verified

    def _untimely(self, claims: Claims) -> PlaybackTokenRefused | PlaybackTokenExpired | None:
        """Why it is not the time for a token; None where it is."""
        now = self._clock()
        if claims.exp > now + LONGEST.total_seconds() + _LEEWAY:
            return PlaybackTokenRefused(f"This token lasts too long; sign for {LONGEST.days} days at most.")
        if now >= claims.exp + _LEEWAY:
            return PlaybackTokenExpired()
        if now < (claims.nbf or 0) - _LEEWAY:
            return PlaybackTokenRefused("This token is not valid yet.")
        return None


def _in_team(grant: Grant, team: UUID, role: TeamRole | None) -> Grant:
    """The same for an account that is this in the team; None: it does not belong to it any more."""
    if role is None or grant.account is None:
        return grant
    return msgspec.structs.replace(grant, account=msgspec.structs.replace(grant.account, teams={team: role}))


def _kid(token: str) -> UUID:
    try:
        return UUID(str(jwt.get_unverified_header(token)["kid"]))
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError):
        raise PlaybackTokenRefused from None


def _explained(error: Exception) -> str | None:
    """What whoever signs tokens can mend."""
    if isinstance(error, msgspec.ValidationError):
        return f"The token's content does not fit: {error}."
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token lacks the claim {error.claim!r}."
    return None
