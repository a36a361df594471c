"""Two listings in the order of their keys, seen side by side."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar


class Keyed(Protocol):
    """What has a key."""

    @property
    def key(self) -> str: ...


Left = TypeVar("Left", bound=Keyed)
Right = TypeVar("Right", bound=Keyed)


async def side_by_side(
    left: AsyncIterator[Left], right: AsyncIterator[Right]
) -> AsyncIterator[tuple[Left | None, Right | None]]:
    """What either has under a key, key by key, None where it has nothing; one of each in memory."""
    one, other = await anext(left, None), await anext(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.key < other.key):
            yield one, None
            one = await anext(left, None)
        elif one is None or other.key < one.key:
            yield None, other
            other = await anext(right, None)
        else:
            yield one, other
            one, other = await anext(left, None), await anext(right, None)
