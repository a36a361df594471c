"""One file of the list, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from matinee.media.faults import FaultCode

from ..films import HEIGHT, RATE, WIDTH

SECONDS = 3.0
MOMENTS = (0.6, 2.2)
"""When the picture flashes and the sound beeps, for one or two frames and 80 ms."""


class Ready(msgspec.Struct, frozen=True):
    """It plays, for so long, at this size, and picture and sound are where they were."""

    size: tuple[int, int] | None = (WIDTH, HEIGHT)
    """Of the top rung; None where there is no picture."""
    seconds: float = SECONDS
    flashes: tuple[float, ...] | None = MOMENTS
    """When the picture turns white; None where that cannot be told."""
    beeps: tuple[float, ...] | None = MOMENTS
    """When the sound begins; None where there is none."""
    said: tuple[str, ...] = ()
    """The plan's reasons, all of them."""
    within: float = 1 / RATE
    """Seconds that a flash or a beep may be off."""


class Failed(msgspec.Struct, frozen=True):
    """It is refused, with this code."""

    code: FaultCode


class Refused(msgspec.Struct, frozen=True):
    """`POST videos/init` refuses to take it: 422 `validation_failed`, with this field."""

    field: str
    why: str


Make = Callable[[Path], None]


class Case(msgspec.Struct, frozen=True):
    """One kind of file."""

    group: str
    title: str
    file: str
    """Its name on the disk, where the engine meets it."""
    make: Make
    outcome: Ready | Failed | Refused
    at_most: int | None = None
    """Bytes it has, where its title boasts of them."""
    announced: Refused | None = None
    """What the API says before there is a file; the outcome is the engine's, should it meet one."""
