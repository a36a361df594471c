"""Cells that are made and kept nowhere but in memory."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from matinee.modules.playback.cell_memory import CellMemory, Make, MemoryCell

SIZE = 1_000_000


class Kitchen:
    """Makes cells; counts how often, and how many at once."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.most = self._now = 0

    def of(self, key: str) -> Make:
        async def make() -> bytes:
            self.made[key] += 1
            self._now += 1
            self.most = max(self.most, self._now)
            await asyncio.sleep(0)
            self._now -= 1
            return key.encode() * SIZE

        return make


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
def reading(kitchen: Kitchen) -> Callable[[CellMemory, str, range], "asyncio.Future[bytes]"]:
    async def read(memory: CellMemory, key: str, window: range) -> bytes:
        cell = MemoryCell(memory, key, kitchen.of(key), SIZE)
        return b"".join([piece async for piece in cell.read(window)])

    return read


async def test_a_crowd_costs_one_making(kitchen: Kitchen, reading) -> None:
    """And whoever comes a moment later finds it."""
    memory = CellMemory()
    await asyncio.gather(*(reading(memory, "a", range(SIZE)) for _ in range(30)))
    assert await reading(memory, "a", range(300, SIZE - 300)) == b"a" * (SIZE - 600)
    assert kitchen.made == {"a": 1}


async def test_few_are_made_at_once(kitchen: Kitchen, reading) -> None:
    """However many are asked for."""
    memory = CellMemory(at_once=2)
    await asyncio.gather(*(reading(memory, key, range(SIZE)) for key in "abcdefgh"))
    assert kitchen.most == 2


async def test_what_is_kept_is_bounded_and_slow_viewers_hold_nothing(kitchen: Kitchen) -> None:
    """What one of them receives was dropped meanwhile, made again, and is the same."""
    memory = CellMemory(limit=2 * SIZE)
    slow = [MemoryCell(memory, key, kitchen.of(key), SIZE).read(range(SIZE)) for key in "abcd"]
    received = [await anext(each) for each in slow]
    assert list(memory._kept) == ["c", "d"]
    assert memory._bytes == 2 * SIZE
    rest = [b"".join([piece async for piece in each]) for each in slow]
    whole = [first + last for first, last in zip(received, rest, strict=True)]
    assert whole == [key.encode() * SIZE for key in "abcd"]
    assert memory._bytes == 2 * SIZE


async def test_one_larger_than_all_that_is_kept_is_delivered(kitchen: Kitchen, reading) -> None:
    """And nothing is kept."""
    memory = CellMemory(limit=SIZE // 2)
    assert await reading(memory, "a", range(SIZE)) == b"a" * SIZE
    assert (memory._bytes, len(memory._kept)) == (0, 0)


async def test_a_failure_is_told_to_all_who_wait_and_not_remembered(reading) -> None:
    """The next one who asks has it tried again."""
    memory = CellMemory()

    async def fail() -> bytes:
        await asyncio.sleep(0)
        raise OSError("away")

    failures = await asyncio.gather(*(memory.get("a", fail) for _ in range(3)), return_exceptions=True)
    assert [str(failure) for failure in failures] == ["away"] * 3
    assert await reading(memory, "a", range(2)) == b"aa"


async def test_it_is_finished_when_the_asker_leaves(kitchen: Kitchen, reading) -> None:
    """For those who wait behind him."""
    memory = CellMemory()
    impatient = asyncio.create_task(memory.get("a", kitchen.of("a")))
    await asyncio.sleep(0)
    patient = asyncio.create_task(memory.get("a", kitchen.of("a")))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == b"a" * SIZE
    assert kitchen.made == {"a": 1}
