"""The cookies of a browser that signs in."""

from matinee.common.http.answers import Parameter
from matinee.common.http.call import Call
from matinee.modules.auth.devices import SECONDS, Device, Devices
from matinee.modules.auth.schemas import Tokens

BASE = "/api/v1/auth"
COOKIE = "matinee_refresh"
DEVICE = Parameter("matinee_device", "What the browser was given when somebody signed in there before.", "cookie")


class SignInCookies:
    """Sets and clears them; no script can read them, and they go to the front door alone."""

    def __init__(self, devices: Devices, *, days: int, secure: bool) -> None:
        self._devices = devices
        self._seconds = days * 86400
        self._flags = f"; Path={BASE}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def device(self, call: Call) -> Device:
        """From where somebody signs in."""
        return self._devices.read(call.cookie(DEVICE.name), call.ip)

    def refresh_token(self, call: Call) -> str | None:
        """What a browser carries of its session; none where another site has it sent.

        `SameSite` keeps out all but our neighbours of the same domain. Those that the settings name are let in.
        """
        is_others = call.header(b"sec-fetch-site") in ("same-site", "cross-site")
        if is_others and call.header(b"origin") not in call.runtime.settings.cors_origins:
            return None
        return call.cookie(COOKIE)

    def open(self, call: Call, tokens: Tokens) -> None:
        """Gives the browser the refresh token of a new session, and a note of who signed in."""
        self.renew(call, tokens)
        self._send(call, DEVICE.name, self._devices.note(self.device(call), tokens.user.id), SECONDS)

    def renew(self, call: Call, tokens: Tokens) -> None:
        """Gives the browser the newest refresh token of its session."""
        self._send(call, COOKIE, tokens.refresh_token, self._seconds)

    def clear(self, call: Call) -> None:
        """Has the browser forget its session."""
        self._send(call, COOKIE, "", 0)

    def _send(self, call: Call, name: str, value: str, seconds: int) -> None:
        call.headers.append((b"set-cookie", f"{name}={value}; Max-Age={seconds}{self._flags}".encode()))
