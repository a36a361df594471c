"""HTTP in and out of playback tokens and their keys."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from matinee.common.database import Connection
from matinee.common.errors import Forbidden, RateLimited, Unauthenticated
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.teams.errors import NOT_ACTING
from matinee.modules.teams.rules import OWNERS, acting_for
from matinee.modules.tokens.errors import (
    InvalidConditions,
    NoPasswordNeeded,
    NoSuchSigningKey,
    NotYoursToRenew,
    TooManyKeys,
    WrongPassword,
)
from matinee.modules.tokens.schemas import (
    KeySet,
    KeysQuery,
    NewlyMadeKey,
    NewPlaybackToken,
    NewSigningKey,
    PlaybackToken,
    SigningKeys,
    Unlock,
)
from matinee.modules.tokens.service import TokenService
from matinee.modules.tokens.signing_keys import SigningKeyService
from matinee.modules.videos.errors import UNSEEN, VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "tokens"
KEYS = "/api/v1/signing-keys"
MAKING = RateLimit("signing-key", 30, 3600, by="user")  # of RSA one takes a second of a processor
KeyId = Annotated[UUID, Meta(description="The key's id.")]


class TokenRoutes:
    """Operations on playback tokens."""

    def __init__(self, tokens: TokenService, keys: SigningKeyService) -> None:
        self._tokens = tokens
        self._keys = keys

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/playback-tokens",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        status=201,
        errors=(*UNSEEN, Forbidden, NotYoursToRenew, InvalidConditions),
        limit=RateLimit("playback-token", 3600, 3600),
    )
    async def make_playback_token(self, call: Call, video_id: VideoId, body: NewPlaybackToken) -> PlaybackToken:
        """Make a token that plays a video, and the addresses that carry it.

        It stands in the path, `/t/{token}/playback/…`, so that playlists and manifests hand it on by their relative
        addresses. With the token of a password in the path of this request, that is renewed, for a day.
        """
        return await self._tokens.issue(call.viewer, video_id, body)

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/unlock",
        tag=TAG,
        access=Access.PUBLIC,
        status=201,
        errors=(VideoNotFound, WrongPassword, NoPasswordNeeded, RateLimited),
    )
    async def unlock_video(self, call: Call, video_id: VideoId, body: Unlock) -> PlaybackToken:
        """Open a video by its password.

        The token lasts some minutes, and can be renewed for a day, or until the password changes. Wrong guesses are
        limited for each address, and for each video.
        """
        return await self._tokens.unlock(video_id, body.password, call.subscriber)

    @operation("GET", KEYS, tag=TAG, access=Access.PERSON, errors=NOT_ACTING)
    async def list_signing_keys(self, call: Call, db: Connection, query: KeysQuery) -> SigningKeys:
        """The keys that you, or a team whose owner you are, sign playback tokens with."""
        return SigningKeys(items=await self._keys.list_keys(db, acting_for(call.user, query.owner or None, OWNERS)))

    @operation(
        "POST",
        KEYS,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(TooManyKeys, Unauthenticated, *NOT_ACTING),
        limit=MAKING,
    )
    async def add_signing_key(self, call: Call, body: NewSigningKey) -> NewlyMadeKey:
        """Make a key to sign playback tokens with on your own server.

        The answer alone has its private half. What it signs opens your own videos, or the team's, that are public,
        unlisted or signed. To rotate, make another one, sign with it, and delete the former when its tokens have
        expired.
        """
        owner = acting_for(call.user, body.owner, OWNERS)
        return await self._keys.add_key(call.user, owner, body.name, body.algorithm)

    @operation("DELETE", f"{KEYS}/{{key_id}}", tag=TAG, access=Access.PERSON, errors=(NoSuchSigningKey, *NOT_ACTING))
    async def delete_signing_key(self, call: Call, db: Connection, query: KeysQuery, key_id: KeyId) -> None:
        """Delete a key; within ten seconds nothing that it has signed opens anything."""
        await self._keys.delete_key(db, acting_for(call.user, query.owner or None, OWNERS), key_id)

    @operation("GET", "/.well-known/jwks.json", tag=TAG, access=Access.PUBLIC)
    async def get_key_set(self) -> KeySet:
        """The public keys of the tokens that the server signs (RFC 7517)."""
        return await self._keys.published()
