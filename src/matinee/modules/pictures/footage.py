"""What the pictures of a video are taken from: a rung whose cells are stored, or the source's own picture."""

import asyncio
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.cells import Cell
from matinee.media.keyframes import keyframe_stream
from matinee.media.model import CopiedRendition, Plan, VideoRendition
from matinee.media.picture_argv import preview_cells, preview_frames
from matinee.modules.encoding.copying import Copier
from matinee.modules.pictures.objects import read_whole

_READS_AT_ONCE = 8  # of keyframes; more would take connections from the encodes
_REORDERED = 16  # frames that may be decoded before others that show earlier
_HALF_A_SECOND = Fraction(1, 2)  # its cells are cut at keyframes near the beginnings of the grid's, also behind them


class Beginnings(msgspec.Struct, frozen=True):
    """The beginnings of some cells, spread over the video."""

    init: bytes
    cells: list[bytes]
    frames: list[int]
    """Of each of these cells."""


class Footage(Protocol):
    """Pictures of a video, coded as H.264."""

    @property
    def rendition(self) -> VideoRendition | CopiedRendition:
        """The picture that it is."""
        ...

    @property
    def at_once(self) -> int:
        """How many keyframes may be in memory: some megabytes of them."""
        ...

    @property
    def matrix(self) -> Literal["bt709", "bt601", "bt2020"]:
        """How it codes differences of colour."""
        ...

    async def keyframes(self, cells: Sequence[int]) -> list[bytes]:
        """The byte streams of the keyframes that show when these cells of the grid begin."""
        ...

    async def beginnings(self) -> Beginnings:
        """What the preview shows."""
        ...


class RungFootage:
    """A rung of which every wanted cell is stored; `keyframe_bytes` by cell. Raises NoSuchObjectError."""

    matrix: Literal["bt709"] = "bt709"
    at_once = 100

    def __init__(
        self, storage: Storage, video_id: UUID, plan: Plan, rung: VideoRendition, keyframe_bytes: Mapping[int, int]
    ) -> None:
        self._storage = storage
        self._video_id = video_id
        self._plan = plan
        self.rendition = rung
        self._keyframe_bytes = keyframe_bytes

    async def keyframes(self, cells: Sequence[int]) -> list[bytes]:
        """Of each the prefix is read that holds it."""
        init = await self._init()
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def keyframe(cell: int) -> bytes:
            async with gate:
                prefix = await self._storage.read(self._key(cell), 0, self._keyframe_bytes[cell])
            return keyframe_stream(init, prefix)

        return await asyncio.gather(*map(keyframe, cells))

    async def beginnings(self) -> Beginnings:
        """The whole cells."""
        chosen = preview_cells(self._plan.grid.cells)
        cells = [await read_whole(self._storage, self._key(cell)) for cell in chosen]
        return Beginnings(await self._init(), cells, [self._plan.grid.cell_frames(cell) for cell in chosen])

    async def _init(self) -> bytes:
        return await read_whole(self._storage, keys.init_key(self._video_id, self._plan.recipe, self.rendition.name))

    def _key(self, cell: int) -> str:
        return keys.cell_key(self._video_id, self._plan.recipe, self.rendition.name, cell)


class CopyFootage:
    """The source's own picture, out of its file: no cell of it has to be stored. Raises NoSuchObjectError."""

    at_once = 5

    def __init__(self, copier: Copier, video_id: UUID, plan: Plan, copied: CopiedRendition, source: str) -> None:
        self._copier = copier
        self._video_id = video_id
        self._plan = plan
        self.rendition = copied
        self.matrix = plan.source.matrix
        self._source = source

    async def keyframes(self, cells: Sequence[int]) -> list[bytes]:
        """The ones before, where it has none just then."""
        starts = [self._plan.grid.cell_start(cell) + _HALF_A_SECOND for cell in cells]
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def keyframe(cell: int) -> bytes:
            async with gate:
                (only,) = await self._begin([cell], 1)
            return keyframe_stream(only.init, only.data)

        wanted = self.rendition.cells_at(starts)
        distinct = sorted(set(wanted))  # neighbours may show the same
        read = dict(zip(distinct, await asyncio.gather(*map(keyframe, distinct)), strict=True))
        return [read[cell] for cell in wanted]

    async def beginnings(self) -> Beginnings:
        """A second and a little of each."""
        most = preview_frames(self._plan.grid.rate) + _REORDERED
        cells = await self._begin(preview_cells(self.rendition.cells), most)
        return Beginnings(cells[0].init, [cell.data for cell in cells], [cell.samples for cell in cells])

    async def _begin(self, cells: Sequence[int], most: int) -> list[Cell]:
        making = self._copier.cells(self._video_id, self._source, self._plan, cells, most_frames=most)
        return [cell async for cell in making]
