"""HTTP in and out of playback tokens."""

from matinee.common.errors import Forbidden, RateLimited
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.tokens.errors import InvalidConditions, NoPasswordNeeded, NotYoursToRenew, WrongPassword
from matinee.modules.tokens.schemas import KeySet, NewPlaybackToken, PlaybackToken, Unlock
from matinee.modules.tokens.service import TokenService
from matinee.modules.tokens.signing_keys import SigningKeyService
from matinee.modules.videos.errors import UNSEEN, VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "tokens"


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

    @operation("GET", "/.well-known/jwks.json", tag=TAG, access=Access.PUBLIC)
    async def get_key_set(self) -> KeySet:
        """The public keys of the tokens that the server signs (RFC 7517)."""
        return await self._keys.published()
