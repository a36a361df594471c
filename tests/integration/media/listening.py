"""What is heard in a film: when sound begins."""

from __future__ import annotations


def onsets(heard: list[int], threshold: int = 3000, quiet: int = 9600) -> list[float]:
    """Where sound begins after at least `quiet` samples without any."""
    found, last = [], -quiet
    for at, level in enumerate(heard):
        if abs(level) > threshold:
            if at - last >= quiet:
                found.append(at / 48_000)
            last = at
    return found
