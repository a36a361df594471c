"""The cookies of a browser that signs in."""

import msgspec

from matinee.common.http.answers import Parameter
from matinee.common.http.call import Call
from matinee.modules.auth.devices import SECONDS, Device, Devices
from matinee.modules.auth.schemas import Tokens
from matinee.modules.auth.sessions import TOKEN_MARK

BASE = "/api/v1/auth"
_PREFIX = "__Host-"


class Cookie(msgspec.Struct, frozen=True):
    """What no script can read, and no other site has sent.

    Over https its name has a prefix: browsers give and take it for this very host, whatever its neighbours of the
    domain do. That is for all paths or none (docs/decisions/0051-the-cookies-are-of-the-host.md). Over plain http,
    where browsers take no such name, it goes to the front door alone.
    """

    name: str
    about: str

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What an operation accepts that reads it."""
        return (
            Parameter(_PREFIX + self.name, f"{self.about} Over https.", "cookie"),
            Parameter(self.name, "The same over plain http, or from before there was the prefix.", "cookie"),
        )

    def read(self, call: Call) -> str | None:
        """What the browser carries of it."""
        return call.cookie(_PREFIX + self.name if _is_secure(call) else self.name)

    def read_former(self, call: Call) -> str | None:
        """What it carries over https from before there was the prefix, or from whichever neighbour has set it."""
        return call.cookie(self.name) if _is_secure(call) else None

    def send(self, call: Call, value: str, seconds: int) -> None:
        """Gives it to the browser for so long; for no time: has it forgotten. Nothing where another site asks."""
        if _is_of_another_site(call):
            return
        if not _is_secure(call):
            _set(call, self.name, value, seconds, f"Path={BASE}")
            return
        _set(call, _PREFIX + self.name, value, seconds, "Path=/; Secure")
        if self.read_former(call) is not None:
            _set(call, self.name, "", 0, f"Path={BASE}; Secure")


REFRESH = Cookie("matinee_refresh", "The refresh token, where the body has none: browsers send it.")
DEVICE = Cookie("matinee_device", "What the browser was given when somebody signed in there before.")


class SignInCookies:
    """What a browser carries of its session, and of who has signed in there."""

    def __init__(self, devices: Devices, *, days: int) -> None:
        self._devices = devices
        self._seconds = days * 86400

    def device(self, call: Call) -> Device:
        """From where somebody signs in."""
        # the note is sealed, and opens nothing: it may be one that a neighbour has set
        return self._devices.read(DEVICE.read(call) or DEVICE.read_former(call), call.ip)

    def refresh_token(self, call: Call) -> str | None:
        """What a browser carries of its session; none where another site has it sent.

        What a neighbour has set counts as little: under the former name are only tokens that were made in its time.
        """
        if _is_of_another_site(call):
            return None
        former = REFRESH.read_former(call)
        if former is not None and former.startswith(TOKEN_MARK):
            former = None
        return REFRESH.read(call) or former

    def open(self, call: Call, tokens: Tokens) -> None:
        """Gives the browser the refresh token of a new session, and a note of who signed in."""
        self.renew(call, tokens)
        DEVICE.send(call, self._devices.note(self.device(call), tokens.user.id), SECONDS)

    def renew(self, call: Call, tokens: Tokens) -> None:
        """Gives the browser the newest refresh token of its session."""
        REFRESH.send(call, tokens.refresh_token, self._seconds)

    def clear(self, call: Call) -> None:
        """Has the browser forget its session."""
        REFRESH.send(call, "", 0)


def _is_of_another_site(call: Call) -> bool:
    """Whether the page that asks is none of ours, nor of those that the settings let in.

    `SameSite` keeps out all but our neighbours of the domain, who could sign a browser in to an account of theirs.
    """
    is_others = call.header(b"sec-fetch-site") in ("same-site", "cross-site")
    return is_others and call.header(b"origin") not in call.runtime.settings.cors_origins


def _is_secure(call: Call) -> bool:
    return call.runtime.settings.cookie_secure


def _set(call: Call, name: str, value: str, seconds: int, flags: str) -> None:
    cookie = f"{name}={value}; Max-Age={seconds}; {flags}; HttpOnly; SameSite=Strict"
    call.headers.append((b"set-cookie", cookie.encode()))
