"""Work that many ask for at the same time and that is done once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Once(Generic[Result]):
    """What this process is doing, by name. Nothing of it is remembered when it is done."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Result]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether somebody waits for it already."""
        return name in self._running

    async def do(self, name: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What the work gives, or raises. Who asks meanwhile waits for the same; it goes on when the asker leaves."""
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._settle(name, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stops all of it."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _settle(self, name: str, done: asyncio.Task[Result]) -> None:
        self._running.pop(name, None)
        if not done.cancelled():
            done.exception()  # seen by whoever waited; nobody may have
