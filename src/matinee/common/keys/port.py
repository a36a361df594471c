"""What a key of the server does, whoever holds it."""

from typing import Any, Protocol

from matinee.common.errors import Unavailable


class NotOpenedError(Exception):
    """It was sealed for another purpose, by a key that is not known here, or is not what was sealed."""


class KeysUnavailable(Unavailable):
    """What holds the server's keys does not answer; try again shortly."""


class RootKey(Protocol):
    """A key that others follow from: the same each time, and nobody finds it by them."""

    @property
    def id(self) -> str:
        """What tells it from others; empty for the one secret that had no id."""
        ...

    async def derive(self, purpose: bytes, about: bytes = b"") -> bytes:
        """32 bytes for a purpose and one thing of it; raises KeysUnavailable."""
        ...

    def derive_now(self, purpose: bytes, about: bytes = b"") -> bytes:
        """The same, blocking: not on the event loop, but when a process starts."""
        ...


class TokenKey(Protocol):
    """A key that signs access tokens. They are verified in this process, without asking."""

    @property
    def algorithm(self) -> str:
        """Its name in a JWT."""
        ...

    @property
    def verifier(self) -> Any:
        """What PyJWT verifies a signature with."""
        ...

    async def sign(self, message: bytes) -> bytes:
        """The signature, as JWTs have it; raises KeysUnavailable."""
        ...
