"""What the playlists say, written from the plan when they are asked for."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from matinee.common.http.viewer import PlaybackTokenRefused, Viewer
from matinee.media import dash, hls
from matinee.media.bandwidth import Measured
from matinee.media.model import Plan, without
from matinee.modules.encoding.service import Speeds
from matinee.modules.encryption.content_keys import ContentKeys, choice
from matinee.modules.encryption.errors import NotInDash
from matinee.modules.playback.documents import DocumentCache, document
from matinee.modules.playback.errors import NoSuchCell
from matinee.modules.playback.objects import Permission, Playlist
from matinee.modules.playback.part import Part
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.service import PlaybackService


class Offers(Protocol):
    """What players are told of, as things are."""

    async def speeds(self) -> Speeds:
        """How fast workers are; a look at the database every few seconds at most, however often it is asked."""

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        """The renditions that they are not told of, by how many cells of each are stored."""


class Playlists:
    """What players read first."""

    def __init__(
        self,
        playback: PlaybackService,
        repository: PlaybackRepository,
        content_keys: ContentKeys,
        *,
        offers: Offers | None = None,
    ) -> None:
        self._playback = playback
        self._repository = repository
        self._content_keys = content_keys
        self._documents = DocumentCache()
        self._offers = offers or _Everything()

    async def master(self, viewer: Viewer, video_id: UUID) -> Playlist:
        """The HLS master playlist."""
        facts = await self._playback.playable(
            viewer, video_id, ("ladder", video_id), lambda: self._repository.find_ladder(video_id)
        )
        speeds = await self._offers.speeds()
        shown = Part.of(viewer)
        key = (video_id, "master", facts.version, facts.ladder, facts.texts, speeds.verdicts, shown)
        written = self._documents.get(key)
        if written is None:
            measured = facts.measured()
            plan = await self._playback.addressed(video_id, facts)
            plan = self._offered(shown.ladder(plan), measured, speeds)
            text = hls.master_playlist(plan, measured, facts.listed(), keyframes=facts.encryption == "none")
            written = self._documents.keep(key, document(text))
        return Playlist(written, facts.is_private)

    async def manifest(self, viewer: Viewer, video_id: UUID) -> Playlist:
        """The DASH manifest; raises NotInDash."""
        facts = await self._playback.playable(
            viewer, video_id, ("ladder", video_id), lambda: self._repository.find_ladder(video_id)
        )
        if facts.encryption == "aes-128":
            raise NotInDash
        speeds = await self._offers.speeds()
        stored = facts.ladder if speeds.is_anything_slow else None  # else all is offered, stored or not
        shown = Part.of(viewer)
        key = (video_id, "manifest", facts.version, stored, facts.texts, speeds.verdicts, shown)
        written = self._documents.get(key)
        if written is None:
            plan = await self._playback.addressed(video_id, facts)
            plan = self._offered(shown.ladder(plan), facts.measured(), speeds)
            chosen = choice(video_id, facts)
            samples = self._content_keys.of_samples(chosen) if chosen else None
            written = self._documents.keep(key, document(dash.manifest(plan, facts.listed(), shown.window, samples)))
        return Playlist(written, facts.is_private)

    async def permission(self, viewer: Viewer, video_id: UUID) -> Permission:
        """That the viewer may play the video; raises where he may not play all of it."""
        if viewer.grant is not None and viewer.grant.is_partial:
            raise PlaybackTokenRefused("This playback token opens a part of the video: ask for the segment itself.")
        facts = await self._playback.playable(
            viewer, video_id, ("video", video_id), lambda: self._repository.find_video(video_id)
        )
        return Permission(facts.is_private, self._content_keys.mark(choice(video_id, facts)))

    def _offered(self, plan: Plan, measured: Mapping[str, Measured], speeds: Speeds) -> Plan:
        """The plan without what players are not told of."""
        stored = {name: each.cells for name, each in measured.items()}
        return without(plan, self._offers.left_out(plan, stored, speeds))

    async def media(self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str) -> Playlist:
        """The HLS playlist of a rendition: all cells, stored or not."""
        facts = await self._playback.playable(
            viewer, video_id, ("video", video_id), lambda: self._repository.find_video(video_id)
        )
        shown = Part.of(viewer)
        key = (video_id, "media", facts.version, recipe, rendition, shown)
        written = self._documents.get(key)
        if written is None:
            plan = shown.ladder(await self._playback.addressed(video_id, facts))
            _require_rendition(plan, recipe, rendition)
            tell_key = self._content_keys.signals(choice(video_id, facts), plan, rendition)
            written = self._documents.keep(key, document(hls.media_playlist(plan, rendition, shown.window, tell_key)))
        return Playlist(written, facts.is_private)

    async def keyframes(self, viewer: Viewer, video_id: UUID, recipe: str, rendition: str) -> Playlist:
        """The HLS playlist of the keyframes of a rendition's stored cells."""
        name = ("keyframes", video_id, rendition)
        facts = await self._playback.playable(
            viewer, video_id, name, lambda: self._repository.find_keyframes(video_id, rendition)
        )
        if facts.encryption != "none":  # no prefix of an encrypted cell can be read by itself
            raise NoSuchCell
        shown = Part.of(viewer)
        key = (video_id, "keyframes", facts.version, facts.recorded, recipe, rendition, shown)
        written = self._documents.get(key)
        if written is None:
            plan = shown.ladder(await self._playback.plan(video_id, facts))
            _require_rendition(plan, recipe, rendition)
            sizes = await self._repository.read_keyframe_bytes(video_id, rendition)
            written = self._documents.keep(key, document(hls.keyframe_playlist(plan, rendition, sizes, shown.window)))
        return Playlist(written, facts.is_private)


class _Everything:
    """Whatever is planned is offered."""

    _speeds = Speeds()

    async def speeds(self) -> Speeds:
        return self._speeds

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        del plan, stored, speeds
        return frozenset()


def _require_rendition(plan: Plan, recipe: str, rendition: str) -> None:
    if plan.recipe != recipe or not plan.has(rendition):
        raise NoSuchCell
