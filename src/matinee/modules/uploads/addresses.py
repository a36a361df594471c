"""Addresses that take a video's file from whoever has them: no account, no header, and nothing else can be done."""

import base64
import hashlib
import hmac
from uuid import UUID

from matinee.modules.videos.errors import VideoNotFound


class FileAddresses:
    """Makes and knows such addresses. Each works as long as its upload does; then there is nothing that it does."""

    def __init__(self, public_url: str, secret: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._secret = secret.encode()

    def of(self, video_id: UUID) -> str:
        """Where to PUT the file."""
        return f"{self._public_url}/api/v1/videos/{video_id}/file?token={self._token(video_id)}"

    def check(self, video_id: UUID, token: str) -> None:
        """Raises VideoNotFound unless the token is the video's."""
        if not hmac.compare_digest(self._token(video_id).encode(), token.encode()):
            raise VideoNotFound

    def _token(self, video_id: UUID) -> str:
        digest = hmac.digest(self._secret, b"upload\0" + video_id.bytes, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
