"""Viewers of encoded videos: playback as an API process wires it, without its HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from tests.integration.modules.encoding.stage import Stage

from matinee.common.http.viewer import ANYBODY
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.common.notifications import Notifications
from matinee.media.model import Plan
from matinee.modules.encoding.offers import Offers
from matinee.modules.encryption.content_keys import ContentKeys
from matinee.modules.playback.audience import Audience, News
from matinee.modules.playback.cells import Cells
from matinee.modules.playback.objects import StoredObject
from matinee.modules.playback.playlists import Playlists
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.service import PlaybackService

_PUBLISH = "UPDATE videos SET visibility = 'public' WHERE id = %s"


class Theatre:
    """What one API process knows of its viewers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.notifications = Notifications(stage.database.url)
        self.audience = Audience(self._tell)
        facts, content_keys = (
            PlaybackRepository(stage.database),
            ContentKeys(Keys([SecretKey("s" * 32)]), cells_per_key=1),
        )
        self.playback = PlaybackService(facts, content_keys)
        self.playlists = Playlists(self.playback, facts, content_keys, offers=Offers(stage.database, stage.encoding))
        self.cells = Cells(
            self.playback,
            facts,
            self.notifications,
            self._want_cell,
            content_keys,
            wait_seconds=60.0,
            audience=self.audience,
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, stage: Stage) -> AsyncIterator["Theatre"]:
        """A process that listens and tells, for the length of the block."""
        theatre = cls(stage)
        tasks = asyncio.gather(theatre.notifications.listen(), theatre.audience.keep_telling())
        try:
            yield theatre
        finally:
            tasks.cancel()

    async def watch(
        self, video_id: UUID, rendition: str, index: int, gone: asyncio.Event | None = None
    ) -> StoredObject:
        """A viewer's request for a cell; he leaves when `gone` is set."""
        await self._stage.execute(_PUBLISH, video_id)
        plan = await self._stage.plan(video_id)
        leaving = gone.wait if gone else None
        return await self.cells.cell(ANYBODY, video_id, plan.recipe, rendition, index, leaving)

    async def _want_cell(self, video_id: UUID, plan: Plan, rendition: str, index: int) -> None:
        async with self._stage.database.transaction() as db:
            await self._stage.encoding.want_cell(db, video_id, plan, rendition, index)

    async def _tell(self, news: News) -> None:
        async with self._stage.database.transaction() as db:
            await self._stage.encoding.hear_of_viewers(db, news.waiting, news.read)
            if news.watched:
                await self._stage.encoding.hear_of_watched(db, news.watched)
