"""Addresses that take a video's file from whoever has them: no account, no header, and nothing else can be done."""

import base64
import hmac
from uuid import UUID

from matinee.common.keys.ring import Keys
from matinee.modules.videos.errors import VideoNotFound


class FileAddresses:
    """Makes and knows such addresses. Each works as long as its upload does; then there is nothing that it does."""

    def __init__(self, public_url: str, keys: Keys) -> None:
        self._public_url = public_url.rstrip("/")
        self._digests = keys.digests(b"matinee upload addresses")

    def of(self, video_id: UUID) -> str:
        """Where to PUT the file."""
        return f"{self._public_url}/api/v1/videos/{video_id}/file?token={_token(self._digests.of(_about(video_id)))}"

    def check(self, video_id: UUID, token: str) -> None:
        """Raises VideoNotFound unless the token is the video's."""
        known = self._digests.by_each(_about(video_id))
        if not any(hmac.compare_digest(_token(digest).encode(), token.encode()) for digest in known):
            raise VideoNotFound


def _about(video_id: UUID) -> bytes:
    return b"upload\0" + video_id.bytes


def _token(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
