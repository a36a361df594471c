"""From where somebody signs in. Browsers carry a sealed note of who did there before, so that nothing is stored."""

import secrets
from uuid import UUID

import msgspec
from cryptography.fernet import InvalidToken

from matinee.common.http.call import subscriber_of
from matinee.common.keys.ring import Keys

SECONDS = 400 * 86400  # no browser keeps a cookie for longer
_PURPOSE = b"matinee devices"
_MOST = 8  # accounts that a browser is known to
_NETWORK = 48  # bits: what one subscriber may have of IPv6


class _Note(msgspec.Struct, frozen=True):
    id: str
    accounts: tuple[UUID, ...]


class Device(msgspec.Struct, frozen=True):
    """An address, and what a browser there says of itself."""

    ip: str | None = None
    id: str | None = None
    """Of a browser in which somebody has signed in before."""
    accounts: tuple[UUID, ...] = ()
    """Who did, the last first."""

    @property
    def network(self) -> str | None:
        """What one client has to itself: an IPv4 address, or an IPv6 /64."""
        return None if self.ip is None else subscriber_of(self.ip)

    @property
    def site(self) -> str | None:
        """What somebody may have of IPv6 to come from, a /48; of IPv4 nothing beside the network."""
        wide = None if self.ip is None else subscriber_of(self.ip, _NETWORK)
        return None if wide == self.network else wide


class Devices:
    """Reads the notes of browsers, and writes them."""

    def __init__(self, keys: Keys) -> None:
        self._seal = keys.fernet(_PURPOSE)

    def read(self, carried: str | None, ip: str | None) -> Device:
        """Who asks; a note that is not ours, or is too old, is none."""
        try:
            note = msgspec.json.decode(self._seal.decrypt((carried or "").encode(), SECONDS), type=_Note)
        except InvalidToken:
            return Device(ip)
        return Device(ip, note.id, note.accounts)

    def note(self, device: Device, user_id: UUID) -> str:
        """What the browser is to carry now that this account was signed in to."""
        others = tuple(account for account in device.accounts if account != user_id)
        note = _Note(device.id or secrets.token_urlsafe(16), (user_id, *others)[:_MOST])
        return self._seal.encrypt(msgspec.json.encode(note)).decode()
