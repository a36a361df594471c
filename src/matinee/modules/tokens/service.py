"""Decisions about playback tokens: who gets one, and what it says."""

from datetime import UTC, datetime
from uuid import UUID

import jwt
import msgspec
from msgspec import UNSET

from matinee.common.clock import Clock
from matinee.common.database import Connection, Database
from matinee.common.errors import Forbidden, Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.validation import Fault
from matinee.modules.auth.passwords import Passwords
from matinee.modules.tokens import repository
from matinee.modules.tokens.errors import InvalidConditions, NoPasswordNeeded, NotYoursToRenew, WrongPassword
from matinee.modules.tokens.guesses import Guesses
from matinee.modules.tokens.keys import KeyRing, Signer
from matinee.modules.tokens.rules import LONGEST_UNLOCKED, Claims, misplaced
from matinee.modules.tokens.schemas import NewPlaybackToken, PlaybackToken
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import PasswordRequired, VideoNotFound
from matinee.modules.videos.repository import VideoRow
from matinee.modules.videos.service import VideoService
from matinee.modules.videos.views import playback_of

_USUAL_SECONDS = 600


class TokenService:
    """Playback tokens. `own_seconds`: how long one lasts that stands for an account or a password."""

    def __init__(
        self,
        database: Database,
        videos: VideoService,
        passwords: Passwords,
        keys: KeyRing,
        guesses: Guesses,
        *,
        own_seconds: int,
        clock: Clock,
    ) -> None:
        self._database = database
        self._videos = videos
        self._passwords = passwords
        self._keys = keys
        self._guesses = guesses
        self._own_seconds = own_seconds
        self._clock = clock

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
                claims = await self._on_behalf(db, viewer, claims, video)
            else:
                await _require_owner(db, viewer.caller, video)
        return _signed(signer, video, claims, lifetime)

    async def unlock(self, video_id: UUID, password: str, client: str) -> PlaybackToken:
        """A token for whoever knows the password.

        Raises VideoNotFound, NoPasswordNeeded, WrongPassword; RateLimited where there were too many wrong guesses,
        from the address `client` or altogether.
        """
        async with self._database.connection() as db:
            lock = await repository.find_lock(db, video_id)
        hashed = lock.password_hash if lock else None  # it takes as long for a video that there is not
        fits = await self._guesses.is_right(video_id, client, lambda: self._passwords.verify(hashed, password))
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

    async def _on_behalf(self, db: Connection, viewer: Viewer, claims: Claims, video: VideoRow) -> Claims:
        """Claims that open what the viewer may see, as long as he may. Without an account he renews a password."""
        caller, grant = viewer.caller, viewer.grant
        if caller is not None:
            await _require_session(db, caller)
            return msgspec.structs.replace(
                claims,
                account=caller.user_id,
                role=caller.role,
                session=caller.session_id,
                team=video.owner_id if video.owner_id in caller.teams else None,
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
