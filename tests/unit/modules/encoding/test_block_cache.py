"""Blocks are fetched once, kept within bounds, and a failing disk is only slower."""

import asyncio
from pathlib import Path

import pytest

from matinee.common.storage.port import StorageUnavailable
from matinee.modules.encoding.block_cache import BLOCK_BYTES, Block, BlockCache


class Origin:
    """Counts what is fetched; every block is filled with its own number."""

    def __init__(self) -> None:
        self.fetched: list[int] = []
        self.failing = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, key: str, start: int, length: int) -> bytes:
        self.fetched.append(start // BLOCK_BYTES)
        await self.gate.wait()
        if self.failing:
            raise StorageUnavailable
        return bytes([start // BLOCK_BYTES]) * length


@pytest.fixture
def origin() -> Origin:
    """Where blocks come from."""
    return Origin()


def blocks(count: int) -> list[Block]:
    """The first blocks of a film."""
    return [Block("film", index) for index in range(count)]


class TestRead:
    async def test_many_readers_fetch_once(self, origin: Origin, tmp_path: Path) -> None:
        """Readers of the same block at the same time share one fetch."""
        cache = BlockCache(origin.fetch, tmp_path, 10 * BLOCK_BYTES)
        origin.gate.clear()
        readers = [asyncio.create_task(cache.read(Block("film", 3))) for _ in range(5)]
        await asyncio.sleep(0)
        origin.gate.set()
        assert {data[0] for data in await asyncio.gather(*readers)} == {3}
        assert origin.fetched == [3]

    async def test_a_reader_that_leaves_does_not_harm_the_others(self, origin: Origin, tmp_path: Path) -> None:
        """The fetch goes on for those who still wait."""
        cache = BlockCache(origin.fetch, tmp_path, 10 * BLOCK_BYTES)
        origin.gate.clear()
        leaver, stayer = (asyncio.create_task(cache.read(Block("film", 1))) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        origin.gate.set()
        assert (await stayer)[0] == 1

    async def test_what_left_memory_comes_from_disk(self, origin: Origin, tmp_path: Path) -> None:
        """Twenty blocks do not fit in memory, and none is fetched twice."""
        cache = BlockCache(origin.fetch, tmp_path, 40 * BLOCK_BYTES)
        for block in [*blocks(20), *blocks(20)]:
            assert (await cache.read(block))[0] == block.index
            await cache.settle()
        assert sorted(origin.fetched) == list(range(20))

    async def test_the_disk_share_is_bounded(self, origin: Origin, tmp_path: Path) -> None:
        """However much is read, no more than the capacity lies on the disk."""
        cache = BlockCache(origin.fetch, tmp_path, 4 * BLOCK_BYTES)
        for block in blocks(20):
            await cache.read(block)
            await cache.settle()
            assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4 * BLOCK_BYTES

    async def test_works_without_a_disk(self, origin: Origin) -> None:
        """Blocks are kept in memory, and fetched again when they have left it."""
        cache = BlockCache(origin.fetch, None, 4 * BLOCK_BYTES)
        for block in [*blocks(20), *blocks(20)]:
            assert (await cache.read(block))[0] == block.index

    async def test_survives_a_disk_that_fails(self, origin: Origin, tmp_path: Path) -> None:
        """A folder that is gone, as a full disk, costs speed and nothing else."""
        cache = BlockCache(origin.fetch, tmp_path / "gone", 40 * BLOCK_BYTES)
        for block in [*blocks(20), *blocks(20)]:
            assert (await cache.read(block))[0] == block.index

    async def test_survives_files_that_vanish(self, origin: Origin, tmp_path: Path) -> None:
        """Somebody who empties the scratch folder under a running worker does no harm."""
        cache = BlockCache(origin.fetch, tmp_path, 40 * BLOCK_BYTES)
        for block in blocks(20):
            await cache.read(block)
        await cache.settle()
        for path in tmp_path.iterdir():
            path.unlink()
        assert (await cache.read(Block("film", 0)))[0] == 0

    async def test_a_failed_fetch_is_tried_again_by_the_next_reader(self, origin: Origin, tmp_path: Path) -> None:
        """Failures are not kept."""
        cache = BlockCache(origin.fetch, tmp_path, 10 * BLOCK_BYTES)
        origin.failing = True
        with pytest.raises(StorageUnavailable):
            await cache.read(Block("film", 0))
        origin.failing = False
        assert len(await cache.read(Block("film", 0))) == BLOCK_BYTES


class TestPrefetch:
    async def test_a_later_read_waits_for_it_instead_of_fetching(self, origin: Origin, tmp_path: Path) -> None:
        """What was begun ahead is not begun again."""
        cache = BlockCache(origin.fetch, tmp_path, 10 * BLOCK_BYTES)
        cache.prefetch(Block("film", 2))
        assert (await cache.read(Block("film", 2)))[0] == 2
        assert origin.fetched == [2]
