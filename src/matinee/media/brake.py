"""Holds processes still for as long as more urgent ones run beside them.

Low priority is not enough: two encoders share caches and memory whatever their weights are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from .ffmpeg import Process

LONGEST_HOLD = 20.0
"""Seconds. FFmpeg takes an input for lost that it was not given for 30 s; and nobody waits for so long."""


class Brake:
    """One for all that share a machine's processors."""

    def __init__(self) -> None:
        self._urgent = 0
        self._held = False
        self._processes: set[Process] = set()
        self._release: asyncio.TimerHandle | None = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Holds what is or comes under the brake until the block is left, at most LONGEST_HOLD at a stretch."""
        self._urgent += 1
        if self._urgent == 1:
            self._hold()
        try:
            yield
        finally:
            self._urgent -= 1
            if self._urgent == 0:
                self._let_go()

    @contextmanager
    def over(self, process: Process) -> Iterator[None]:
        """Puts a process under the brake; when the block is left it runs, so that it can end."""
        self.add(process)
        try:
            yield
        finally:
            self.remove(process)

    def add(self, process: Process) -> None:
        """Puts a process under the brake until it is removed."""
        self._processes.add(process)
        if self._held:
            process.hold()

    def remove(self, process: Process) -> None:
        """Lets a process run, whoever is urgent."""
        self._processes.discard(process)
        process.resume()

    def _hold(self) -> None:
        self._held = True
        for process in self._processes:
            process.hold()
        self._release = asyncio.get_running_loop().call_later(LONGEST_HOLD, self._let_go)

    def _let_go(self) -> None:
        if self._release is not None:
            self._release.cancel()
            self._release = None
        self._held = False
        for process in self._processes:
            process.resume()


class EasedBrake:
    """A brake as one process feels it, for whose work somebody may come to wait as well."""

    def __init__(self, brake: Brake) -> None:
        self._brake = brake
        self._eased = False
        self._process: Process | None = None

    @contextmanager
    def over(self, process: Process) -> Iterator[None]:
        """Puts the process under the brake for the length of the block, whenever that is not eased."""
        self._process = process
        if not self._eased:
            self._brake.add(process)
        try:
            yield
        finally:
            self._process = None
            self._brake.remove(process)

    def ease(self, eased: bool) -> None:
        """Whether the process runs on though others are urgent."""
        if self._process is not None and eased != self._eased:
            (self._brake.remove if eased else self._brake.add)(self._process)
        self._eased = eased
