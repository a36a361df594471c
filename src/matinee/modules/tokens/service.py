"""Decisions about playback tokens: who gets one, what it says, and whether one that is presented holds."""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID, uuid4

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from jwt.types import Options
from msgspec import UNSET

from matinee.common.clock import Clock, system_clock
from matinee.common.database import Connection, Database
from matinee.common.errors import Forbidden, Unauthenticated
from matinee.common.http.authentication import Caller, Standing
from matinee.common.http.viewer import Bearer, Grant, PlaybackTokenExpired, PlaybackTokenRefused, Viewer
from matinee.common.validation import Fault
from matinee.modules import audit
from matinee.modules.auth.passwords import Passwords
from matinee.modules.tokens import repository
from matinee.modules.tokens.errors import (
    InvalidConditions,
    NoPasswordNeeded,
    NoSuchSigningKey,
    NotYoursToRenew,
    TooManyKeys,
    WrongPassword,
)
from matinee.modules.tokens.keys import KeyRing, Signer, new_key, private_pem, public_bytes, verifier
from matinee.modules.tokens.repository import Algorithm, KeyRow
from matinee.modules.tokens.rules import LONGEST, LONGEST_UNLOCKED, Claims, misplaced, refusal
from matinee.modules.tokens.schemas import KeySet, NewlyMadeKey, NewPlaybackToken, PlaybackToken, SigningKey
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import PasswordRequired, VideoNotFound
from matinee.modules.videos.repository import VideoRow
from matinee.modules.videos.service import VideoService
from matinee.modules.videos.views import playback_of

log = structlog.get_logger()

MOST_KEYS = 10  # of an account
_USUAL_SECONDS = 600
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


class TokenService:
    """Playback tokens. `own_seconds`: how long one lasts that stands for an account or a password."""

    def __init__(
        self,
        database: Database,
        videos: VideoService,
        passwords: Passwords,
        keys: KeyRing,
        standing: Standing,
        *,
        own_seconds: int,
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._videos = videos
        self._passwords = passwords
        self._keys = keys
        self._standing = standing
        self._own_seconds = own_seconds
        self._clock = clock
        self._verified: OrderedDict[str, _Verified] = OrderedDict()

    async def open(self, token: str, bearer: Bearer) -> Grant:
        """What a token allows its bearer. Raises PlaybackTokenRefused and PlaybackTokenExpired."""
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
        return verified.grant

    def known(self, token: str) -> Grant | None:
        """The same, where the token and its key were seen lately and it is the same whoever presents it."""
        verified = self._verified.get(token)
        if verified is None or self._keys.known(verified.kid) is None or not verified.claims.is_for_anyone:
            return None
        account = verified.grant.account
        if account is not None and not self._standing.is_known_to_have_access(account):
            return None
        return verified.grant if self._untimely(verified.claims) is None else None

    async def issue(self, viewer: Viewer, video_id: UUID, wanted: NewPlaybackToken) -> PlaybackToken:
        """A token for whoever may see the video, or of its owner for whomever he gives it.

        Raises VideoNotFound, PasswordRequired, Unauthenticated, Forbidden, InsufficientScope, NotYoursToRenew,
        InvalidConditions.
        """
        is_own = wanted.holder == "me"
        usual = self._own_seconds if is_own else _USUAL_SECONDS
        lifetime = usual if wanted.lifetime is UNSET else wanted.lifetime
        if is_own:
            lifetime = min(lifetime, self._own_seconds)
        claims = self._claims(video_id, wanted, lifetime)
        contradiction = misplaced(claims)
        if contradiction is not None:
            raise InvalidConditions(contradiction, faults=[Fault("body", contradiction)])
        signer = await self._keys.signer()  # first: nobody holds a connection while he waits for another
        async with self._database.connection() as db:
            video = await self._videos.seen(db, viewer, video_id)
            if is_own:
                claims = await self._on_behalf(db, viewer, claims)
            else:
                await _require_owner(db, viewer.caller, video)
        return _signed(signer, video, claims, lifetime)

    async def unlock(self, video_id: UUID, password: str) -> PlaybackToken:
        """A token for whoever knows the password. Raises VideoNotFound, NoPasswordNeeded, WrongPassword."""
        async with self._database.connection() as db:
            lock = await repository.find_lock(db, video_id)
        # as long for a video that there is not
        fits = await self._passwords.verify(lock.password_hash if lock else None, password)
        if lock is None or lock.visibility == "private" or lock.visibility == "signed":
            raise VideoNotFound
        if lock.password_hash is None:
            raise NoPasswordNeeded
        if not fits:
            raise WrongPassword
        claims = msgspec.structs.replace(
            self._claims(video_id, NewPlaybackToken(), self._own_seconds),
            password=lock.password_id,
            since=int(self._clock()),
        )
        signer = await self._keys.signer()
        async with self._database.connection() as db:
            # read again, by what it opens: the password may have been changed meanwhile
            video = await self._videos.seen(db, Viewer(None, claims.grant(None)), video_id)
        return _signed(signer, video, claims, self._own_seconds)

    async def published(self) -> KeySet:
        """The server's public keys."""
        await self._keys.signer()
        async with self._database.connection() as db:
            return KeySet(keys=[_jwk(row) for row in await repository.list_server_keys(db)])

    async def rotate(self) -> UUID:
        """Has another key sign for the server; gives its id. What the former has signed holds until it expires."""
        return (await self._keys.rotate()).id

    async def list_keys(self, db: Connection, owner_id: UUID) -> list[SigningKey]:
        """The keys of an account."""
        return [_shown(row) for row in await repository.list_keys(db, owner_id)]

    async def add_key(self, owner_id: UUID, name: str, algorithm: Algorithm) -> NewlyMadeKey:
        """A key for an account to sign with. Raises TooManyKeys."""
        key = await asyncio.to_thread(new_key, algorithm)
        async with self._database.transaction() as db:
            if not await repository.hold_owner(db, owner_id):
                raise Unauthenticated("This account no longer exists.")
            if await repository.count_keys(db, owner_id) >= MOST_KEYS:
                raise TooManyKeys
            row = await repository.insert_key(db, uuid4(), owner_id, name, algorithm, public_bytes(key))
            await audit.record(db, "signing_key.created", row.id, account=owner_id, name=name)
        shown = msgspec.structs.asdict(_shown(row))
        return NewlyMadeKey(**shown, private_key=private_pem(key))

    async def delete_key(self, db: Connection, owner_id: UUID, key_id: UUID) -> None:
        """What it has signed opens nothing any more, within seconds. Raises NoSuchSigningKey."""
        if not await repository.delete_key(db, key_id, owner_id):
            raise NoSuchSigningKey
        await audit.record(db, "signing_key.deleted", key_id, account=owner_id)

    async def _on_behalf(self, db: Connection, viewer: Viewer, claims: Claims) -> Claims:
        """Claims that open what the viewer may see, as long as he may. Without an account he renews a password."""
        caller, grant = viewer.caller, viewer.grant
        if caller is not None:
            await _require_session(db, caller)
            return msgspec.structs.replace(
                claims, account=caller.user_id, role=caller.role, session=caller.session_id
            )
        if grant is None:
            return claims  # it is open anyway
        kinds = sorted(grant.kinds.intersection(claims.aud))
        if grant.password_id is None or grant.is_partial or grant.is_bound or not kinds:
            raise NotYoursToRenew
        if self._clock() - grant.since > LONGEST_UNLOCKED.total_seconds():
            raise PasswordRequired
        return msgspec.structs.replace(claims, aud=kinds, password=grant.password_id, since=int(grant.since))

    def _claims(self, video_id: UUID, wanted: NewPlaybackToken, seconds: int) -> Claims:
        return Claims(
            sub=video_id,
            aud=list(dict.fromkeys(wanted.kinds)),
            exp=int(self._clock()) + seconds,
            viewer=wanted.viewer,
            referrers=wanted.referrers,
            networks=wanted.networks,
            countries=wanted.countries,
            start=wanted.start,
            end=wanted.end,
            max_height=wanted.max_height,
        )

    async def _verify(self, token: str) -> _Verified:
        kid = _kid(token)
        key = await self._keys.find(kid)
        if key is None:
            raise PlaybackTokenRefused
        verified = self._verified.get(token)
        if verified is None:
            try:
                payload = jwt.decode(token, key.key, algorithms=[key.algorithm], options=_READING)
                claims = msgspec.convert(payload, Claims, strict=False)
                claims.viewer.encode()  # JSON can hold what is no text
            except (jwt.PyJWTError, TypeError, ValueError, RecursionError) as error:  # UnicodeError: a ValueError
                raise PlaybackTokenRefused(_explained(error)) from None
            if key.owner_id is not None and claims.claims_what_we_alone_may:
                raise PlaybackTokenRefused("This token stands for an account, which only the server can sign for.")
            wrong = misplaced(claims)
            if wrong is not None:
                raise PlaybackTokenRefused(f"This token contradicts itself: {wrong}")
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


def _signed(signer: Signer, video: VideoRow, claims: Claims, seconds: int) -> PlaybackToken:
    headers = {"kid": str(signer.id)}
    token = jwt.encode(msgspec.to_builtins(claims), signer.key, algorithm=signer.algorithm, headers=headers)
    prefix = f"/t/{token}"
    return PlaybackToken(
        token=token,
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        expires_in=seconds,
        prefix=prefix,
        playback=playback_of(video, prefix),
    )


async def _require_session(db: Connection, caller: Caller) -> None:
    """Raises Unauthenticated where the caller has signed out: his access token lives on for minutes."""
    if caller.session_id is not None and not await repository.is_session_open(db, caller.session_id):
        raise Unauthenticated("You have signed out; sign in again.")


async def _require_owner(db: Connection, caller: Caller | None, video: VideoRow) -> None:
    """Raises where the caller may not open the video to others."""
    if caller is None:
        raise Unauthenticated
    if not may_change(caller, video.owner_id):
        raise Forbidden("Only the owner of a video can open it to others.")
    caller.require("videos:write")
    await _require_session(db, caller)


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


def _jwk(row: KeyRow) -> dict[str, object]:
    key = verifier(row).key
    assert isinstance(key, Ed25519PublicKey), "the server makes no others"
    return {**OKPAlgorithm.to_jwk(key, as_dict=True), "kid": str(row.id), "alg": row.algorithm, "use": "sig"}


def _shown(row: KeyRow) -> SigningKey:
    return SigningKey(id=row.id, name=row.name, algorithm=row.algorithm, created_at=row.created_at)
