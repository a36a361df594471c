"""The job that tries the ladder of a film which can be played by now, before the rest of it is made."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from matinee.common.jobs import JobQueue, JobRun
from matinee.media.brake import Brake
from matinee.media.encode import EncoderOptions
from matinee.media.trials import try_ladder
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.jobs import TITLE
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import read_plan
from matinee.modules.encoding.source_server import SourceServer


class TitleRunner:
    """Makes way for whoever watches. Where it fails for good, the film keeps the usual ladder."""

    def __init__(
        self,
        queue: JobQueue,
        results: Results,
        sources: SourceServer,
        brake: Brake,
        attend: Attend,
        options: Callable[..., EncoderOptions],
    ) -> None:
        self._queue = queue
        self._results = results
        self._sources = sources
        self._brake = brake
        self._attend = attend
        self._options = options

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(TITLE, self.title)

    async def title(self, run: JobRun, video_id: str) -> None:
        """Tries the rungs at a few places of the film, and has the ladder changed to what is seen there."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            assert found.plan is not None, "this job is enqueued with the plan"
            plan = read_plan(found.plan)
            if plan.titled or found.cancelled:
                return
            options = msgspec.structs.replace(self._options(0.0), brake=self._brake)
            async with self._sources.serve(found.source_key) as source:
                seen = await try_ladder(source.url, plan, options=options)
            if seen:
                await self._results.title_tried(run, video, plan, seen)

        await self._attend(run, UUID(video_id), work)
