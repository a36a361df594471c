"""Where in a playlist an item stands: pure decisions over plain values."""

from typing import Literal

Kind = Literal["list", "watch_later"]
Visibility = Literal["public", "unlisted", "private"]

MOST_PLAYLISTS = 1000  # of an account
MOST_ITEMS = 5000  # of a playlist: as many are renumbered at once

GAP = 2**32  # between neighbours that were added one behind the other: room for 32 that come between the same two
_LAST = 2**63 - 1  # PostgreSQL's bigint


def place_between(low: int | None, high: int | None) -> int | None:
    """A place behind `low` and before `high`, of which None is the end of the list; None where there is no room."""
    if high is None:
        place = (low or 0) + GAP
    elif low is None:
        place = high - GAP
    else:
        place = (low + high) // 2
    return place if place != low and -_LAST <= place <= _LAST else None
