"""Decisions of playback: who may watch, what the playlists say, whether a cell is stored or wanted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from matinee.common.http.viewer import PlaybackTokenRefused, Viewer
from matinee.common.notifications import Notifications
from matinee.media import dash, hls, keys
from matinee.media.bandwidth import Measured
from matinee.media.model import Plan, no_taller, without
from matinee.media.timeline import WHOLE, Window, cells_in
from matinee.modules.encoding.service import Speeds
from matinee.modules.encryption.content_keys import SEPARATOR, Choice, ContentKeys, choice, offered
from matinee.modules.encryption.errors import NotInDash
from matinee.modules.playback.audience import Audience, News, Place
from matinee.modules.playback.documents import Document, DocumentCache, PlanCache, document
from matinee.modules.playback.errors import CellNotReady, NoSuchCell, ViewerLeftError
from matinee.modules.playback.freshness import Recent
from matinee.modules.playback.repository import CellFacts, FormerFacts, PlaybackRepository, VideoFacts
from matinee.modules.videos.access import may_see, seen
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable

WantCell = Callable[[UUID, Plan, str, int], Awaitable[Any]]
"""Has a cell encoded next: video, plan, rendition, index. Returns at once; the news comes by notification."""

Gone = Callable[[], Awaitable[Any]]
"""Returns when whoever asked has left."""


class Offers(Protocol):
    """What players are told of, as things are."""

    async def speeds(self) -> Speeds:
        """How fast workers are; a look at the database every few seconds at most, however often it is asked."""

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        """The renditions that they are not told of, by how many cells of each are stored."""


Facts = TypeVar("Facts", bound=VideoFacts)


class Playlist(msgspec.Struct, frozen=True):
    """A playlist, and whether only its viewer may keep it."""

    document: Document
    private: bool


class Permission(msgspec.Struct, frozen=True):
    """That a video may be played, for whoever hands out what it holds of it."""

    private: bool
    """Whether only its viewer may keep what is played."""
    mark: str
    """What its segments' addresses are marked with now; `clear` where it is not encrypted."""


class Cipher(msgspec.Struct, frozen=True):
    """An encrypted object: what it is made from, and how."""

    chosen: Choice
    recipe: str
    rendition: str
    index: int | None
    """None of the init segment."""


class StoredObject(msgspec.Struct, frozen=True):
    """An object that exists in storage and that the viewer may have."""

    key: str
    etag: str
    content_type: str
    private: bool
    immutable: bool = True
    """Whether its address will always mean the same bytes."""
    cipher: Cipher | None = None
    """What it is made of where viewers do not get what is stored: then nothing is stored under its key."""


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
        return ("cells", self.video_id, self.rendition)

    def is_stored(self, facts: CellFacts) -> bool:
        return facts.has_init if self.index is None else facts.has(self.index)

    @property
    def place(self) -> Place:
        """The cell to make for it."""
        return Place(self.video_id, self.rendition, self.index or 0)


class _Part(msgspec.Struct, frozen=True):
    """What of a video its viewer may have, by the playback token."""

    window: Window = WHOLE
    max_height: int | None = None

    @staticmethod
    def of(viewer: Viewer) -> "_Part":
        grant = viewer.grant
        return _ALL if grant is None else _Part(Window(grant.start, grant.end), grant.max_height)

    def ladder(self, plan: Plan) -> Plan:
        """The plan without pictures that are too tall. Raises NoSuchCell where the part begins behind the end."""
        if self.window.start >= plan.grid.duration:
            raise NoSuchCell
        return plan if self.max_height is None else no_taller(plan, self.max_height)

    def cells(self, plan: Plan, rendition: str) -> range:
        """Which cells of a rendition are of it."""
        plan = self.ladder(plan)
        return cells_in(plan, plan.rendition(rendition), self.window) if plan.has(rendition) else range(0)

    def require(self, plan: Plan, wanted: _Wanted) -> None:
        """Raises NoSuchCell where it is none of it."""
        cells = self.cells(plan, wanted.rendition)
        if not cells or (wanted.index is not None and wanted.index not in cells):
            raise NoSuchCell


_ALL = _Part()


class PlaybackService:
    """What players read."""

    def __init__(
        self,
        repository: PlaybackRepository,
        notifications: Notifications,
        want_cell: WantCell,
        *,
        wait_seconds: float,
        content_keys: ContentKeys,
        audience: Audience | None = None,
        offers: Offers | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = repository
        self._notifications = notifications
        self._want_cell = want_cell
        self._wait_seconds = wait_seconds
        self._content_keys = content_keys
        self._recent: Recent[Any] = Recent(clock=clock)
        self._plans = PlanCache()
        self._documents = DocumentCache()
        self._audience = audience or Audience(_tell_nobody)
        self._offers = offers or _Everything()

    async def master(self, viewer: Viewer, video_id: UUID) -> Playlist:
        """The HLS master playlist."""
        facts = await self.playable(
            viewer, video_id, ("ladder", video_id), lambda: self._repository.find_ladder(video_id)
        )
        speeds = await self._offers.speeds()
        shown = _Part.of(viewer)
        key = (video_id, "master", facts.version, facts.ladder, facts.texts, speeds.verdicts, shown)
        written = self._documents.get(key)
        if written is None:
            measured = facts.measured()
            plan = self._offered(shown.ladder(await self.addressed(video_id, facts)), measured, speeds)
            text = hls.master_playlist(plan, measured, facts.listed(), keyframes=facts.encryption == "none")
            written = self._documents.keep(key, document(text))
        return Playlist(written, facts.is_private)

    async def manifest(self, viewer: Viewer, video_id: UUID) -> Playlist:
        """The DASH manifest; raises NotInDash."""
        facts = await self.playable(
            viewer, video_id, ("ladder", video_id), lambda: self._repository.find_ladder(video_id)
        )
        if facts.encryption == "aes-128":
            raise NotInDash
        speeds = await self._offers.speeds()
        stored = facts.ladder if speeds.is_anything_slow else None  # else all is offered, stored or not
        shown = _Part.of(viewer)
        key = (video_id, "manifest", facts.version, stored, facts.texts, speeds.verdicts, shown)
        written = self._documents.get(key)
        if written is None:
            plan = self._offered(shown.ladder(await self.addressed(video_id, facts)), facts.measured(), speeds)
            chosen = choice(video_id, facts)
            samples = self._content_keys.of_samples(chosen) if chosen else None
            written = self._documents.keep(key, document(dash.manifest(plan, facts.listed(), shown.window, samples)))
        return Playlist(written, facts.is_private)

    async def permission(self, viewer: Viewer, video_id: UUID) -> Permission:
        """That the viewer may play the video; raises where he may not play all of it."""
        if viewer.grant is not None and viewer.grant.is_partial:
            raise PlaybackTokenRefused("This playback token opens a part of the video: ask for the segment itself.")
        facts = await self.playable(
            viewer, video_id, ("video", video_id), lambda: self._repository.find_video(video_id)
        )
        return Permission(facts.is_private, self._content_keys.mark(choice(video_id, facts)))

    def _offered(self, plan: Plan, measured: Mapping[str, Measured], speeds: Speeds) -> Plan:
        """The plan without what players are not told of."""
        stored = {name: each.cells for name, each in measured.items()}
        return without(plan, self._offers.left_out(plan, stored, speeds))

    async def media_playlist(self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str) -> Playlist:
        """The HLS playlist of a rendition: all cells, stored or not."""
        facts = await self.playable(
            viewer, video_id, ("video", video_id), lambda: self._repository.find_video(video_id)
        )
        shown = _Part.of(viewer)
        key = (video_id, "media", facts.version, recipe, rendition, shown)
        written = self._documents.get(key)
        if written is None:
            plan = shown.ladder(await self.addressed(video_id, facts))
            _require_rendition(plan, recipe, rendition)
            tell_key = self._content_keys.signals(choice(video_id, facts), plan, rendition)
            written = self._documents.keep(key, document(hls.media_playlist(plan, rendition, shown.window, tell_key)))
        return Playlist(written, facts.is_private)

    async def keyframe_playlist(self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str) -> Playlist:
        """The HLS playlist of the keyframes of a rendition's stored cells."""
        name = ("keyframes", video_id, rendition)
        facts = await self.playable(
            viewer, video_id, name, lambda: self._repository.find_keyframes(video_id, rendition)
        )
        if facts.encryption != "none":  # no prefix of an encrypted cell can be read by itself
            raise NoSuchCell
        shown = _Part.of(viewer)
        key = (video_id, "keyframes", facts.version, facts.recorded, recipe, rendition, shown)
        written = self._documents.get(key)
        if written is None:
            plan = shown.ladder(await self.plan(video_id, facts))
            _require_rendition(plan, recipe, rendition)
            sizes = await self._repository.read_keyframe_bytes(video_id, rendition)
            written = self._documents.keep(key, document(hls.keyframe_playlist(plan, rendition, sizes, shown.window)))
        return Playlist(written, facts.is_private)

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

    def remembered_cell(
        self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str, index: int
    ) -> StoredObject | None:
        """What `cell` would answer, where that needs no look at the database; else None."""
        wanted = _Wanted(video_id, recipe, rendition, index)
        facts = self._remembered(viewer, wanted)
        if facts is None:
            return None
        self._note(wanted, facts)
        return self._stored_cell(wanted, facts)

    async def init_segment(
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
        if facts is None or _Part.of(viewer) != _ALL or not self._is_address(wanted, facts, recipe):
            raise NoSuchCell
        return self._stored_cell(wanted, _allowed(viewer, wanted.video_id, facts))

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
        shown = _Part.of(viewer)
        if shown != _ALL:
            shown.require(await self.plan(wanted.video_id, facts), wanted)
        if wanted.is_stored(facts):
            return facts
        plan, chosen = await self.plan(wanted.video_id, facts), choice(wanted.video_id, facts)
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
        facts = _allowed(viewer, wanted.video_id, found)
        cells = facts.cells or 0
        if not self._is_address(wanted, facts, facts.recipe) or (wanted.index or 0) >= cells:
            raise NoSuchCell
        self._recent.keep(wanted.row, facts, read_at)
        return facts

    async def playable(
        self, viewer: Viewer, video_id: UUID, of: Hashable, read: Callable[[], Awaitable[Facts | None]]
    ) -> Facts:
        """The facts called `of`, read within the last second, of a video that the viewer may play."""
        key = (of, video_id)
        facts: Facts | None = self._recent.get(key)
        if facts is not None:
            return _allowed(viewer, video_id, facts)
        read_at = self._recent.now()
        facts = _allowed(viewer, video_id, await read())
        self._recent.keep(key, facts, read_at)
        return facts

    async def plan(self, video_id: UUID, facts: VideoFacts) -> Plan:
        """The plan of a video; raises VideoNotFound where it was removed meanwhile."""
        plan = self._plans.get(video_id, facts.version)
        if plan is None:
            plan = await self._repository.read_plan(video_id)
            if plan is None:
                raise VideoNotFound
            self._plans.keep(video_id, facts.version, plan)
        return plan

    async def addressed(self, video_id: UUID, facts: VideoFacts) -> Plan:
        """The plan of a video as players are to read it: what of it they can get, at its addresses."""
        plan, chosen = await self.plan(video_id, facts), choice(video_id, facts)
        if chosen is None:
            return plan
        return replace(offered(plan, chosen), recipe=self._content_keys.address(plan.recipe, chosen))

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


class _Everything:
    """Whatever is planned is offered."""

    _speeds = Speeds()

    async def speeds(self) -> Speeds:
        return self._speeds

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        del plan, stored, speeds
        return frozenset()


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


def _allowed(viewer: Viewer, video_id: UUID, facts: Facts | None) -> Facts:
    facts = seen(viewer, video_id, facts)
    if facts.status != "READY":
        raise VideoNotPlayable
    return facts


def window_of(viewer: Viewer) -> Window:
    """The part of a video that its viewer may have."""
    return _Part.of(viewer).window


def _require_rendition(plan: Plan, recipe: str, rendition: str) -> None:
    if plan.recipe != recipe or not plan.has(rendition):
        raise NoSuchCell


def cells_shown(viewer: Viewer, plan: Plan, rendition: str) -> range:
    """Which cells of a rendition the viewer may have, of what he may see."""
    return _Part.of(viewer).cells(plan, rendition)
