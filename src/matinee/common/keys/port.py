"""What a key of the server does, whoever holds it."""

from typing import Protocol


class NotOpenedError(Exception):
    """It was sealed for another purpose, by a key that is not known here, or is not what was sealed."""


class RootKey(Protocol):
    """A key that everything else follows from.

    What it seals it alone opens, for the same purpose. It may be held by a device that answers after milliseconds:
    what is asynchronous may be called in requests, the rest when a process starts.
    """

    @property
    def id(self) -> str:
        """Stands in front of what it has sealed; empty for the one secret that had no id."""
        ...

    async def seal(self, purpose: bytes, plain: bytes) -> bytes:
        """ASCII without a full stop, other each time."""
        ...

    async def open(self, purpose: bytes, sealed: bytes) -> bytes:
        """What was sealed; raises NotOpenedError."""
        ...

    def data_key(self, purpose: bytes) -> bytes:
        """A key for one purpose, to be held and used in this process; the same each time."""
        ...
