"""What a browser carries while it is at the provider, sealed: nothing is stored, and no other browser comes back."""

import secrets
from uuid import UUID

import msgspec
from cryptography.fernet import InvalidToken

from matinee.common.clock import Clock
from matinee.common.keys.ring import Keys

LIFETIME = 600  # seconds to sign in at the provider
_PURPOSE = b"matinee sign-in by a provider"
_RANDOM_BYTES = 32


class Journey(msgspec.Struct, frozen=True):
    """A sign-in that has begun. `state` and `nonce` bind the answer to it, `verifier` the code (PKCE)."""

    provider: str
    state: str
    nonce: str
    verifier: str
    device_name: str = ""
    user_id: UUID | None = None
    """Whose account the sign-in is to be linked to; None: it is to open a session."""


class Journeys:
    """Seals them and opens them again, within their time."""

    def __init__(self, keys: Keys, *, clock: Clock) -> None:
        self._seal = keys.fernet(_PURPOSE)
        self._clock = clock

    def begin(self, provider: str, device_name: str, user_id: UUID | None) -> tuple[Journey, str]:
        """A journey, and what the browser carries of it."""
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        journey = Journey(provider, state, nonce, verifier, device_name, user_id)
        sealed = self._seal.encrypt_at_time(msgspec.json.encode(journey), int(self._clock()))
        return journey, sealed.decode()

    def end(self, carried: str | None, provider: str, state: str, user_id: UUID | None) -> Journey | None:
        """The journey that this browser comes back from; None where it began none like this, or too long ago."""
        try:
            opened = self._seal.decrypt_at_time((carried or "").encode(), LIFETIME, int(self._clock()))
        except InvalidToken:
            return None
        journey = msgspec.json.decode(opened, type=Journey)
        fits = secrets.compare_digest(journey.state.encode(), state.encode())
        return journey if fits and (journey.provider, journey.user_id) == (provider, user_id) else None
