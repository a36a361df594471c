"""From a cell in memory to a cell that viewers get: its object first, then its record."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256
from uuid import UUID

import msgspec

from matinee.common.jobs import GiveUpError, JobRun
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.cells import Cell
from matinee.media.model import Plan
from matinee.media.speed import work_of
from matinee.modules.encoding.cell_repository import NewCell, StoredRow
from matinee.modules.encoding.errors import InitChangedError
from matinee.modules.encoding.outages import outlast
from matinee.modules.encoding.results import Results
from matinee.modules.integrity.stored import md5_of


class Publisher:
    """Publishes the cells of one run of a job.

    A crash between object and record leaves an object that nobody sees and that the next run writes again, the
    same. An outage of storage or database is waited out, while FFmpeg waits at its full pipes.
    """

    def __init__(
        self,
        storage: Storage,
        results: Results,
        run: JobRun,
        video_id: UUID,
        plan: Plan,
        stored: dict[str, StoredRow],
        *,
        unasked: bool = False,
    ) -> None:
        """`stored`: what was known of the renditions when the run began. `unasked`: nobody waits for the cells."""
        self._storage = storage
        self._results = results
        self._run = run
        self._video_id = video_id
        self._plan = plan
        self._unasked = unasked
        self._inits = {name: row.init_hash for name, row in stored.items()}
        self._evictions = {name: row.evictions for name, row in stored.items()}

    async def publish(self, cell: Cell) -> None:
        """When this returns, the cell can be played. Raises as `Results.cell_stored` does."""
        await outlast(lambda: self._publish(cell), what="publish")

    async def publish_all(self, making: AsyncGenerator[Cell, None]) -> None:
        """Publishes each cell as it is made."""
        async with aclosing(making):
            async for cell in making:
                await self.publish(cell)

    async def _publish(self, cell: Cell) -> None:
        recipe, name = self._plan.recipe, cell.rendition
        content_type = keys.CONTENT_TYPES["video" if cell.keyframe_bytes else "audio"]
        init_hash = sha256(cell.init).digest()
        if self._inits.get(name) is None:
            key = keys.init_key(self._video_id, recipe, name)
            await self._storage.put(key, cell.init, content_type)
            await self._results.object_stored(key, cell.init)
            self._inits[name] = init_hash
        if self._inits[name] != init_hash:
            raise GiveUpError(f"{name} has another init segment than its stored cells")
        await self._storage.put(keys.cell_key(self._video_id, recipe, name, cell.index), cell.data, content_type)
        new = NewCell(
            name,
            recipe,
            cell.index,
            len(cell.data),
            await asyncio.to_thread(md5_of, cell.data),  # some megabytes
            init_hash,
            cell.keyframe_bytes,
            self._evictions[name],
        )
        rung = next((rung for rung in self._plan.encodable if rung.name == name), None)
        if rung is not None and cell.effort is not None:
            film = float(self._plan.grid.cell_duration(cell.index))
            new = msgspec.structs.replace(new, work=work_of(self._plan, rung), effort=cell.effort, film=film)
        try:
            await self._results.cell_stored(self._run, self._video_id, self._plan, new, unasked=self._unasked)
        except InitChangedError as error:  # another worker's FFmpeg differs: its cells and ours must not be mixed
            raise GiveUpError(str(error)) from error
