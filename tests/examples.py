"""How often a property is tried: so many times in every run of the tests, and for a while in `make fuzz`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))


def examples(usual: int, *, a_second: int, **more: Any) -> settings:
    """So many, or what FUZZ_SECONDS are enough for on a machine that tries so many a second."""
    return settings(max_examples=max(usual, SECONDS * a_second), deadline=None, **more)
