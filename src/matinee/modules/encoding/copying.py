"""Cells of a source's own picture, for a source that conforms: read and described, not encoded."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from uuid import UUID

from matinee.common.jobs import JobQueue, JobRun, OnDead
from matinee.common.storage.port import Storage, StorageUnavailable
from matinee.media import keys
from matinee.media.cells import Cell
from matinee.media.copying import (
    HEAD_BYTES,
    CellFrames,
    IndexHead,
    Span,
    assemble,
    beginning,
    head_length,
    read_head,
    read_record,
    record_span,
    spans,
)
from matinee.media.model import CopiedRendition, Plan
from matinee.modules.encoding.ahead import region_cells
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.jobs import COPY
from matinee.modules.encoding.policy import Policy
from matinee.modules.encoding.publishing import Publisher
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.results import Results
from matinee.modules.encoding.service import plan_of

_REMEMBERED = 16  # heads: 40 kB at most for a long film
_READS_AT_ONCE = 8  # of pieces of the source; a cell is usually one


class Copier:
    """Makes cells of sources' own pictures; keeps the heads of the indexes that it read last."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._heads: OrderedDict[tuple[UUID, str], tuple[IndexHead, int]] = OrderedDict()

    async def keep_index(self, video_id: UUID, plan: Plan, index: bytes) -> str:
        """Stores what the cells of a plan are made by; returns its key. Before the plan: whoever has one finds it."""
        key = _index_key(video_id, plan)
        await self._storage.put(key, index, "application/octet-stream")
        return key

    async def cells(
        self, video_id: UUID, source: str, plan: Plan, cells: Iterable[int], *, most_frames: int | None = None
    ) -> AsyncGenerator[Cell, None]:
        """These cells, one by one, out of the object `source`; of each `most_frames` at most.

        Raises StorageUnavailable or NoSuchObjectError.
        """
        name = _copied(plan).name
        head, length = await self._head(video_id, plan)
        for cell in cells:
            place = record_span(head, length, cell)
            record = await self._read(_index_key(video_id, plan), place)
            frames = read_record(record)
            if most_frames is not None:
                frames = beginning(frames, most_frames)
            yield assemble(name, cell, head, frames, await self._media(source, frames))

    async def _media(self, source: str, frames: CellFrames) -> dict[Span, bytes]:
        wanted = spans(frames)
        read: dict[Span, bytes] = {}
        for start in range(0, len(wanted), _READS_AT_ONCE):
            some = wanted[start : start + _READS_AT_ONCE]
            read |= zip(some, await asyncio.gather(*(self._read(source, span) for span in some)), strict=True)
        return read

    async def _head(self, video_id: UUID, plan: Plan) -> tuple[IndexHead, int]:
        place = (video_id, plan.recipe)
        known = self._heads.get(place)
        if known is None:
            key = _index_key(video_id, plan)
            data = await self._storage.read(key, 0, HEAD_BYTES)
            length = head_length(data)
            if length > len(data):
                data += await self._read(key, Span(len(data), length - len(data)))
            known = self._heads[place] = (read_head(data), length)
            if len(self._heads) > _REMEMBERED:
                self._heads.popitem(last=False)
        self._heads.move_to_end(place)
        return known

    async def _read(self, key: str, span: Span) -> bytes:
        data = await self._storage.read(key, span.start, span.length)
        if len(data) < span.length:
            raise StorageUnavailable("The object storage sent less than it has.")
        return data


class CopyRunner:
    """The job that copies a part of a picture though nobody watches it."""

    def __init__(
        self,
        storage: Storage,
        queue: JobQueue,
        results: Results,
        copier: Copier,
        policy: Policy,
        attend: Attend,
        gave_up: OnDead,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._results = results
        self._copier = copier
        self._policy: Policy = policy
        self._attend = attend
        self._gave_up = gave_up

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(COPY, self.copy, on_dead=self._gave_up)

    async def copy(self, run: JobRun, video_id: str, part: int) -> None:
        """Copies what is missing of a part; with `on_demand` of the first part one cell, which players begin with."""

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._results.find_work(video)
            plan = plan_of(found)
            if plan.copied is None or (found.cancelled and not run.urgent):  # the video may have another file by now
                return
            cells = region_cells(part, plan.copied.cells)
            if (found.encode_policy or self._policy) == "on_demand":
                cells = cells[:1] if part == 0 else cells[:0]
            await self.copy_missing(run, video, found, plan, cells, unasked=not run.urgent)

        await self._attend(run, UUID(video_id), work)

    async def copy_missing(
        self, run: JobRun, video_id: UUID, work: WorkRow, plan: Plan, cells: range, *, unasked: bool = False
    ) -> None:
        """Copies those of these cells that do not exist."""
        stored = await self._results.find_stored(video_id, plan, cells)
        row = stored[_copied(plan).name]
        if row.evicting:
            return
        there = set(row.cells)
        publisher = Publisher(self._storage, self._results, run, video_id, plan, stored, unasked=unasked)
        missing = [cell for cell in cells if cell not in there]
        async with aclosing(self._copier.cells(video_id, work.source_key, plan, missing)) as copied:
            async for cell in copied:
                await publisher.publish(cell)


def _copied(plan: Plan) -> CopiedRendition:
    assert plan.copied is not None, "only a plan with a copied picture has such work"
    return plan.copied


def _index_key(video_id: UUID, plan: Plan) -> str:
    return keys.copy_index_key(video_id, plan.recipe, _copied(plan).name)
