"""Seals: what the player of our embed page adds to a token that is for some pages alone.

Such a token is for the player of the page that it names, which asks for segments from there. Of our own player, in
its frame, browsers tell our own page. So the embed page itself is judged by the page that embeds it, and its player
gets the token with a seal, `{token}.{seal}`: whatever is asked for with it must come from our pages. Ours never take
one out of an address (`web/src/watch/address.ts`): whoever has got hold of it can show nobody anything by it.
"""

import base64
import hmac
from urllib.parse import urlsplit

from matinee.common.http.viewer import PlaybackTokenRefused
from matinee.common.keys.ring import Keys

_BYTES = 16
_DOTS = 2  # of a token without a seal


class Seals:
    """Seals by the server's keys, for the pages at `public_url`."""

    def __init__(self, keys: Keys, public_url: str) -> None:
        self._digests = keys.digests(b"matinee embed page")
        self.host = urlsplit(public_url).hostname or ""

    def is_sealed(self, token: str) -> bool:
        """Whether it claims to have a seal."""
        return token.count(".") > _DOTS

    def seal(self, token: str) -> str:
        """The token with its seal."""
        return _sealed(token, self._digests.of(token.encode()))

    def opened(self, token: str) -> tuple[str, bool]:
        """The token itself, and whether it was sealed. Raises PlaybackTokenRefused where the seal is not ours."""
        if not self.is_sealed(token):
            return token, False
        signed = token.rpartition(".")[0]
        known = self._digests.by_each(signed.encode())
        if not any(hmac.compare_digest(_sealed(signed, digest), token) for digest in known):
            raise PlaybackTokenRefused
        return signed, True


def _sealed(token: str, digest: bytes) -> str:
    return f"{token}.{base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b'=').decode()}"
