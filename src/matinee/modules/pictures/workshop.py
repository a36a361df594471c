"""Where pictures are made while somebody waits: a few at once, a bounded number that wait, each picture once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from matinee.common.once import Once
from matinee.media.boxes import BadFragment
from matinee.media.faults import EncoderFailed, MediaFault
from matinee.modules.pictures.errors import PictureFailed, TooManyPictures

log = structlog.get_logger()

_WAITING_A_SLOT = 12  # a picture takes some 50 ms: a page of thumbnails is served, a flood is turned away


class Workshop:
    """The pictures that this process makes."""

    def __init__(self, slots: int) -> None:
        self._gate = asyncio.Semaphore(slots)
        self._most = slots * (1 + _WAITING_A_SLOT)
        self._inside = 0
        self._making: Once[None] = Once()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place to make one picture at, as soon as one is free.

        Raises TooManyPictures where too many wait, and PictureFailed for what goes wrong at the making.
        """
        if self._inside >= self._most:
            raise TooManyPictures
        self._inside += 1
        try:
            async with self._gate:
                yield
        except (BadFragment, MediaFault, EncoderFailed) as error:  # a lost or broken cell, or no memory left
            log.error("picture_failed", error=str(error))  # noqa: TRY400  # the reason is in its words
            raise PictureFailed from error
        finally:
            self._inside -= 1

    async def make_once(self, key: str, make: Callable[[], Awaitable[None]]) -> None:
        """Makes a picture; who wants the same meanwhile waits for it. It is finished when the asker leaves, too."""
        await self._making.do(key, lambda: self._make(make))

    def is_making(self, key: str) -> bool:
        """Whether somebody waits for this picture already."""
        return key in self._making

    async def close(self) -> None:
        """Stops what is being made."""
        await self._making.close()

    async def _make(self, make: Callable[[], Awaitable[None]]) -> None:
        async with self.place():
            await make()
