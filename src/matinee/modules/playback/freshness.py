"""What was read a moment ago: playback decides on facts that are at most one second old.

A film that many watch is asked for thousands of times a second, and a look at its row costs three times what sending
a cell from the cache does (700 against 220 µs of CPU). The price: a video that turns private, or is deleted, can be
fetched for another second by whoever has its addresses. Only what allows is remembered: a video that is not there,
not yours or not playable yet, and a cell that is not stored, is looked up each time.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

LIFETIME = 1.0  # seconds; longer: private comes later, shorter: more look-ups
_LIMIT = 10_000  # ~500 bytes each


class Recent(Generic[Value]):
    """Values that hold for a second after they were read."""

    def __init__(
        self, *, lifetime: float = LIFETIME, limit: int = _LIMIT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime = lifetime
        self._limit = limit
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()  # the oldest first

    def get(self, key: Hashable) -> Value | None:
        found = self._kept.get(key)
        if found is None or self._clock() - found[0] >= self._lifetime:
            return None
        return found[1]

    def keep(self, key: Hashable, value: Value, read_at: float) -> None:
        """Remembers a value; `read_at` is when its reading began, by `now()`."""
        self._kept.pop(key, None)
        self._kept[key] = (read_at, value)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def now(self) -> float:
        """The clock that values age by."""
        return self._clock()
