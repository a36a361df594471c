"""Decisions about clips."""

from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.media.clips import cut
from matinee.modules.clips import repository
from matinee.modules.clips.errors import InvalidClip
from matinee.modules.clips.rules import faults_of, frames_between
from matinee.modules.clips.schemas import NewClip
from matinee.modules.encoding.service import EncodingService, read_plan
from matinee.modules.quotas.service import QuotaService
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService


class ClipService:
    """Cuts videos."""

    def __init__(self, videos: VideoService, quotas: QuotaService, encoding: EncodingService) -> None:
        self._videos = videos
        self._quotas = quotas
        self._encoding = encoding

    async def cut(self, db: Connection, caller: Caller, film_id: UUID, new: NewClip) -> Video:
        """Makes a part of a video a video of its own, which shares the film's file and nothing else.

        Raises VideoNotPlayable where the film is not READY, InvalidClip and QuotaExceeded.
        """
        film = await repository.find_film(db, film_id)
        if film is None or not may_change(caller, film.owner_id):
            raise VideoNotFound
        if film.status != "READY" or film.plan is None:
            raise VideoNotPlayable
        plan = read_plan(film.plan)
        if faults := faults_of(plan.grid, new.start, new.end):
            raise InvalidClip.of(faults)
        clip = cut(plan, frames_between(plan.grid, new.start, new.end))
        await self._quotas.reserve_length(db, film.owner_id, float(clip.grid.duration))
        title = film.title if new.title is UNSET else new.title
        clip_id = await repository.insert_clip(db, film_id, title, new, clip)
        await self._encoding.begin(db, clip_id, clip)
        return await self._videos.get(db, Viewer(caller), clip_id)
