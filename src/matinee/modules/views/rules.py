"""What is a view, and whose: pure decisions over plain values."""

import re
from datetime import date
from uuid import UUID

from matinee.common.keys.ring import Digests

ENOUGH_SECONDS = 10.0
"""Of watching; of a shorter video nearly all of it."""
_NEARLY_ALL = 0.9
_PROGRAMS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|scrap|headless|curl|wget|python|java/|go-http|axios", re.IGNORECASE
)


def is_view(seconds: float, duration: float | None) -> bool:
    """Whether so much watching counts."""
    return seconds >= min(ENOUGH_SECONDS, _NEARLY_ALL * (duration or ENOUGH_SECONDS))


def is_program(agent: str | None) -> bool:
    """Whether it says of itself that it is no person's player; whoever lies is counted once a day like all others."""
    return not agent or _PROGRAMS.search(agent) is not None


def viewer_key(digests: Digests, day: date, account: UUID | None, address: str, agent: str) -> bytes:
    """Who is watching, so that he is known again on the same day and by nobody who has no key of ours."""
    who = f"account {account}" if account else f"{address} {agent}"
    return digests.of(f"view {day} {who}".encode())[:16]
