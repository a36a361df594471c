"""Whether a cell is stored, or wanted and waited for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec

from matinee.common.http.viewer import Viewer
from matinee.common.notifications import Notifications
from matinee.media import keys
from matinee.media.model import Plan
from matinee.modules.encryption.content_keys import SEPARATOR, ContentKeys, choice, offered
from matinee.modules.playback.audience import Audience, News, Place
from matinee.modules.playback.errors import CellNotReady, NoSuchCell, ViewerLeftError
from matinee.modules.playback.freshness import Recent
from matinee.modules.playback.objects import Cipher, StoredObject
from matinee.modules.playback.part import ALL, Part
from matinee.modules.playback.repository import CellFacts, FormerFacts, PlaybackRepository, VideoFacts
from matinee.modules.playback.service import PlaybackService, allowed
from matinee.modules.videos.access import may_see

WantCell = Callable[[UUID, Plan, str, int], Awaitable[Any]]
"""Has a cell encoded next: video, plan, rendition, index. Returns at once; the news comes by notification."""

Gone = Callable[[], Awaitable[Any]]
"""Returns when whoever asked has left."""


class _Wanted(msgspec.Struct, frozen=True):
    """What a request is after: one cell, or (`index` None) the init segment, which any cell brings along."""

    video_id: UUID
    address: str
    """The recipe as its address names it, which tells how it is encrypted."""
    rendition: str
    index: int | None

    @property
    def row(self) -> Hashable:
        """What its facts are remembered by."""
        return (self.video_id, self.rendition)

    def is_stored(self, facts: CellFacts) -> bool:
        return facts.has_init if self.index is None else facts.has(self.index)

    @property
    def place(self) -> Place:
        """The cell to make for it."""
        return Place(self.video_id, self.rendition, self.index or 0)


class Cells:
    """The segments of videos."""

    def __init__(
        self,
        playback: PlaybackService,
        repository: PlaybackRepository,
        notifications: Notifications,
        want_cell: WantCell,
        content_keys: ContentKeys,
        *,
        wait_seconds: float,
        audience: Audience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._playback = playback
        self._repository = repository
        self._notifications = notifications
        self._want_cell = want_cell
        self._content_keys = content_keys
        self._wait_seconds = wait_seconds
        self._audience = audience or Audience(_tell_nobody)
        self._recent: Recent[CellFacts] = Recent(clock=clock)

    async def cell(
        self,
        viewer: Viewer,
        video_id: UUID,
        recipe: str,
        rendition: str,
        index: int,
        gone: Gone | None = None,
    ) -> StoredObject:
        """A cell. One that does not exist yet is encoded next and waited for; raises CellNotReady in the end.

        Raises ViewerLeftError where `gone` says so meanwhile.
        """
        wanted = _Wanted(video_id, recipe, rendition, index)
        try:
            facts = await self._await_stored(viewer, wanted, gone)
        except NoSuchCell:
            return await self._former(viewer, wanted)
        self._note(wanted, facts)
        return self._stored_cell(wanted, facts)

    def remembered(
        self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str, index: int
    ) -> StoredObject | None:
        """What `cell` would answer, where that needs no look at the database; else None."""
        wanted = _Wanted(video_id, recipe, rendition, index)
        facts = self._remembered(viewer, wanted)
        if facts is None:
            return None
        self._note(wanted, facts)
        return self._stored_cell(wanted, facts)

    async def init(
        self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str, gone: Gone | None = None
    ) -> StoredObject:
        """The init segment of a rendition; where none exists yet, its first cell is waited for."""
        wanted = _Wanted(video_id, recipe, rendition, None)
        try:
            return self._stored_cell(wanted, await self._await_stored(viewer, wanted, gone))
        except NoSuchCell:
            return await self._former(viewer, wanted)

    async def _former(self, viewer: Viewer, wanted: _Wanted) -> StoredObject:
        """What whoever began to watch before the file was replaced asks for; raises NoSuchCell for all else."""
        recipe = wanted.address.partition(SEPARATOR)[0]
        facts = await self._repository.find_former(wanted.video_id, recipe, wanted.rendition)
        if facts is None or Part.of(viewer) != ALL:
            raise NoSuchCell
        await self._content_keys.learn(choice(wanted.video_id, facts))
        if not self._is_address(wanted, facts, recipe):
            raise NoSuchCell
        return self._stored_cell(wanted, allowed(viewer, wanted.video_id, facts))

    def _note(self, wanted: _Wanted, facts: CellFacts) -> None:
        """What is read is kept, and what comes next is made ahead. The sound is made as a whole anyway."""
        self._audience.watched(wanted.video_id, wanted.rendition)
        if not facts.is_complete and not facts.is_sound:
            place = wanted.place
            self._audience.read(place, facts.first_missing_after(place.cell))

    async def _await_stored(self, viewer: Viewer, wanted: _Wanted, gone: Gone | None) -> CellFacts:
        remembered = self._remembered(viewer, wanted)
        if remembered is not None:
            return remembered
        facts = await self._look(viewer, wanted)
        shown = Part.of(viewer)
        if shown != ALL:
            shown.require(await self._playback.plan(wanted.video_id, facts), wanted.rendition, wanted.index)
        if wanted.is_stored(facts):
            return facts
        plan, chosen = await self._playback.plan(wanted.video_id, facts), choice(wanted.video_id, facts)
        if chosen is not None and not offered(plan, chosen).has(wanted.rendition):
            raise NoSuchCell  # it could not be encrypted: nothing is encoded for nobody
        with (
            self._notifications.subscribe(str(wanted.video_id)) as news,
            self._audience.waiting(wanted.place) as to_ask,
            _leaving(gone, news) as left,
        ):
            if to_ask:
                await self._want_cell(wanted.video_id, plan, wanted.rendition, wanted.index or 0)
            return await self._await_news(viewer, wanted, news, left)

    async def _await_news(
        self, viewer: Viewer, wanted: _Wanted, news: asyncio.Event, left: Callable[[], bool]
    ) -> CellFacts:
        """Looks at once, for it may have been stored before the subscription, and again at each news."""
        deadline = asyncio.get_running_loop().time() + self._wait_seconds
        while True:
            news.clear()
            if left():
                raise ViewerLeftError
            facts = await self._look(viewer, wanted)
            if wanted.is_stored(facts):
                return facts
            try:
                async with asyncio.timeout_at(deadline):
                    await news.wait()
            except TimeoutError:
                raise CellNotReady from None

    def _remembered(self, viewer: Viewer, wanted: _Wanted) -> CellFacts | None:
        """What was read within the last second, if it allows; of a part of the video that is not known."""
        if viewer.grant is not None and viewer.grant.is_partial:
            return None
        facts: CellFacts | None = self._recent.get(wanted.row)
        if facts is None or not self._is_address(wanted, facts, facts.recipe) or not wanted.is_stored(facts):
            return None
        return facts if may_see(viewer, wanted.video_id, facts) else None

    async def _look(self, viewer: Viewer, wanted: _Wanted) -> CellFacts:
        """What the database says now."""
        read_at = self._recent.now()
        found = await self._repository.find_cells(wanted.video_id, wanted.rendition)
        facts = allowed(viewer, wanted.video_id, found)
        cells = facts.cells or 0
        await self._content_keys.learn(choice(wanted.video_id, facts))
        if not self._is_address(wanted, facts, facts.recipe) or (wanted.index or 0) >= cells:
            raise NoSuchCell
        self._recent.keep(wanted.row, facts, read_at)
        return facts

    def _is_address(self, wanted: _Wanted, facts: VideoFacts, recipe: str | None) -> bool:
        """Whether players are told of this address now: of an encrypted video, of nothing that is clear."""
        if recipe is None:
            return False
        return self._content_keys.address(recipe, choice(wanted.video_id, facts)) == wanted.address

    def _stored_cell(self, wanted: _Wanted, facts: CellFacts | FormerFacts) -> StoredObject:
        if wanted.index is None:
            key = keys.init_key(wanted.video_id, wanted.address, wanted.rendition)
        else:
            key = keys.cell_key(wanted.video_id, wanted.address, wanted.rendition, wanted.index)
        chosen = choice(wanted.video_id, facts)
        recipe = wanted.address.partition(SEPARATOR)[0]
        return StoredObject(
            key=key,
            etag=f'"{key.removeprefix("videos/")}"',
            content_type=keys.CONTENT_TYPES["audio" if facts.is_sound else "video"],
            private=facts.is_private,
            cipher=Cipher(chosen, recipe, wanted.rendition, wanted.index) if chosen else None,
        )


async def _tell_nobody(news: News) -> None:
    del news


@contextmanager
def _leaving(gone: Gone | None, news: asyncio.Event) -> Iterator[Callable[[], bool]]:
    """Whether whoever asked has left; that is news, too."""
    if gone is None:
        yield lambda: False
        return
    leaving = asyncio.ensure_future(gone())
    leaving.add_done_callback(lambda _: news.set())
    try:
        yield leaving.done
    finally:
        leaving.cancel()
