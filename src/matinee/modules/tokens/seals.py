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

_BYTES = 16
_DOTS = 2  # of a token without a seal


class Seals:
    """Seals by the server's secret, for the pages at `public_url`."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._root = hmac.digest(b"matinee embed page", secret.encode(), "sha256")
        self.host = urlsplit(public_url).hostname or ""

    def is_sealed(self, token: str) -> bool:
        """Whether it claims to have a seal."""
        return token.count(".") > _DOTS

    def seal(self, token: str) -> str:
        """The token with its seal."""
        seal = hmac.digest(self._root, token.encode(), "sha256")[:_BYTES]
        return f"{token}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"

    def opened(self, token: str) -> tuple[str, bool]:
        """The token itself, and whether it was sealed. Raises PlaybackTokenRefused where the seal is not ours."""
        if not self.is_sealed(token):
            return token, False
        signed = token.rpartition(".")[0]
        if not hmac.compare_digest(self.seal(signed), token):
            raise PlaybackTokenRefused
        return signed, True
