"""The cookie that carries a browser's refresh token."""

from matinee.common.http.call import Call
from matinee.modules.auth.schemas import Tokens

BASE = "/api/v1/auth"
COOKIE = "matinee_refresh"


class RefreshCookie:
    """Sets and clears it; no script can read it, and it goes to the front door alone."""

    def __init__(self, *, days: int, secure: bool) -> None:
        self._seconds = days * 86400
        self._flags = f"; Path={BASE}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def set(self, call: Call, tokens: Tokens) -> None:
        """Gives the browser the newest refresh token of its session."""
        self._send(call, tokens.refresh_token, self._seconds)

    def clear(self, call: Call) -> None:
        """Has the browser forget it."""
        self._send(call, "", 0)

    def _send(self, call: Call, token: str, seconds: int) -> None:
        cookie = f"{COOKIE}={token}; Max-Age={seconds}{self._flags}"
        call.headers.append((b"set-cookie", cookie.encode()))
