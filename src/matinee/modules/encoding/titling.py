"""The job that tries the ladder of a film which can be played by now, before the rest of it is made."""

from uuid import UUID

from matinee.common.jobs import JobQueue, JobRun
from matinee.media.trials import try_ladder
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.jobs import TITLE
from matinee.modules.encoding.options import Options
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import plan_of
from matinee.modules.encoding.source_server import SourceServer


class TitleRunner:
    """Makes way for whoever watches. Where it fails for good, the film keeps the usual ladder."""

    def __init__(
        self,
        queue: JobQueue,
        results: Results,
        sources: SourceServer,
        attend: Attend,
        options: Options,
    ) -> None:
        self._queue = queue
        self._results = results
        self._sources = sources
        self._attend = attend
        self._options = options

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(TITLE, self.title)

    async def title(self, run: JobRun, video_id: str) -> None:
        """Tries the rungs at a few places of the film, and has the ladder changed to what is seen there."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            plan = plan_of(found)
            if plan.titled or found.cancelled:
                return
            async with self._sources.serve(found.source_key) as source:
                seen = await try_ladder(source.url, plan, options=self._options(0.0))
            if seen:
                await self._results.title_tried(run, video, plan, seen)

        await self._attend(run, UUID(video_id), work)
