"""Which videos a viewer may play, and their plans: what all of playback stands on."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from matinee.common.http.viewer import Viewer
from matinee.media.model import Plan
from matinee.modules.encryption.content_keys import ContentKeys, choice, offered
from matinee.modules.playback.documents import PlanCache
from matinee.modules.playback.freshness import Recent
from matinee.modules.playback.repository import PlaybackRepository, VideoFacts
from matinee.modules.videos.access import seen
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable

Facts = TypeVar("Facts", bound=VideoFacts)


class PlaybackService:
    """Videos as viewers may play them."""

    def __init__(
        self,
        repository: PlaybackRepository,
        content_keys: ContentKeys,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = repository
        self._content_keys = content_keys
        self._recent: Recent[Any] = Recent(clock=clock)
        self._plans = PlanCache()

    async def playable(
        self, viewer: Viewer, video_id: UUID, of: Hashable, read: Callable[[], Awaitable[Facts | None]]
    ) -> Facts:
        """The facts called `of`, read within the last second, of a video that the viewer may play."""
        key = (of, video_id)
        facts: Facts | None = self._recent.get(key)
        if facts is not None:
            return allowed(viewer, video_id, facts)
        read_at = self._recent.now()
        facts = allowed(viewer, video_id, await read())
        await self._content_keys.learn(choice(video_id, facts))
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


def allowed(viewer: Viewer, video_id: UUID, facts: Facts | None) -> Facts:
    """The facts, for a viewer who may play the video; raises as `seen` does, and VideoNotPlayable."""
    facts = seen(viewer, video_id, facts)
    if facts.status != "READY":
        raise VideoNotPlayable
    return facts
