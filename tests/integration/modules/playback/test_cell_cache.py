import asyncio
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from matinee.common.storage.port import NoSuchObjectError
from matinee.common.storage.s3 import S3Storage
from matinee.modules.playback.cell_cache import CellCache

UNIT = 64 * 1024


class CountingStorage(S3Storage):
    """The real storage; counts how often each object is read."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.reads: Counter[str] = Counter()

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        self.reads[key] += 1
        async for chunk in super().stream(key):
            yield chunk


@pytest.fixture
async def storage(settings) -> AsyncIterator[CountingStorage]:
    storage = CountingStorage(settings)
    await storage.open()
    yield storage
    await storage.close()


@pytest.fixture
async def keys(storage) -> list[str]:
    """Eight objects of four units."""
    names = [f"videos/{uuid4()}/{index}" for index in range(8)]
    for index, name in enumerate(names):
        await storage.put(name, bytes([index]) * (4 * UNIT), "video/mp4")
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def opened(storage, folder: Path, *, limit: int = 64 * UNIT, sharers: int = 1) -> CellCache:
    return CellCache(storage, folder, limit=limit, sharers=sharers)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def age(folder: Path, seconds: float) -> None:
    """Makes every file look unused for that long; the earlier it came, the longer."""
    for path in files(folder):
        used = path.stat().st_mtime - seconds
        os.utime(path, (used, used))


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Every write beyond one unit of a file fails, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (UNIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestFetch:
    async def test_brings_an_object_here_whole(self, storage, folder, keys) -> None:
        cache = opened(storage, folder)
        found = await cache.fetch(keys[3])
        assert found is not None
        assert Path(found.path).read_bytes() == bytes([3]) * (4 * UNIT)
        assert found.size == 4 * UNIT

    async def test_the_second_time_it_is_here(self, storage, folder, keys) -> None:
        cache = opened(storage, folder)
        first = await cache.fetch(keys[0])
        assert await cache.fetch(keys[0]) == cache.find(keys[0]) == first
        assert storage.reads[keys[0]] == 1

    async def test_many_at_once_cost_one_download(self, storage, folder, keys) -> None:
        cache = opened(storage, folder)
        found = await asyncio.gather(*(cache.fetch(keys[0]) for _ in range(30)))
        assert len(set(found)) == 1
        assert storage.reads[keys[0]] == 1

    async def test_a_download_goes_on_when_its_first_asker_leaves(self, storage, folder, keys) -> None:
        cache = opened(storage, folder)
        impatient = asyncio.create_task(cache.fetch(keys[0]))
        await asyncio.sleep(0)
        patient = asyncio.create_task(cache.fetch(keys[0]))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient is not None
        assert storage.reads[keys[0]] == 1

    async def test_a_missing_object_leaves_nothing_behind(self, storage, folder) -> None:
        cache = opened(storage, folder)
        with pytest.raises(NoSuchObjectError):
            await cache.fetch(f"videos/{uuid4()}/none")
        assert files(folder) == []

    async def test_a_restarted_process_finds_what_the_last_one_brought(self, storage, folder, keys) -> None:
        before = await opened(storage, folder).fetch(keys[0])
        again = opened(storage, folder)
        assert await again.fetch(keys[0]) == before
        assert storage.reads[keys[0]] == 1

    async def test_two_processes_share_the_folder(self, storage, folder, keys) -> None:
        one, other = opened(storage, folder, sharers=2), opened(storage, folder, sharers=2)
        assert await asyncio.gather(one.fetch(keys[0]), other.fetch(keys[0]))
        assert len(files(folder)) == 1
        brought = await one.fetch(keys[1])
        assert other.find(keys[1]) == brought


class TestBound:
    async def test_the_longest_unused_go_first(self, storage, folder, keys) -> None:
        cache = opened(storage, folder, limit=18 * UNIT)
        for key in keys[:4]:
            await cache.fetch(key)
        age(folder, 3600)
        later = opened(storage, folder, limit=18 * UNIT)
        assert await later.fetch(keys[0])  # used again just now
        assert await later.fetch(keys[4])
        kept = [key for key in keys[:5] if later.find(key)]
        assert keys[0] in kept
        assert keys[4] in kept
        assert sum(path.stat().st_size for path in files(folder)) <= 18 * UNIT

    async def test_the_limit_holds_whatever_two_processes_bring(self, storage, folder, keys) -> None:
        caches = [opened(storage, folder, limit=18 * UNIT, sharers=2) for _ in range(2)]
        for turn, key in enumerate(keys):
            await caches[turn % 2].fetch(key)
            age(folder, 3600)
            assert sum(path.stat().st_size for path in files(folder)) <= 18 * UNIT

    async def test_what_was_used_this_minute_is_not_dropped_for_more(self, storage, folder, keys) -> None:
        cache = opened(storage, folder, limit=18 * UNIT)
        brought = [await cache.fetch(key) for key in keys]
        assert None in brought
        for found in brought:
            assert found is None or Path(found.path).stat().st_size == found.size

    async def test_leftovers_of_a_crash_are_cleared_away(self, storage, folder, keys) -> None:
        folder.mkdir()
        leftover = folder / "partial-abc"
        leftover.write_bytes(b"half")
        long_ago = time.time() - 3600
        os.utime(leftover, (long_ago, long_ago))
        await opened(storage, folder).fetch(keys[0])
        assert not leftover.exists()


class TestBrokenDisk:
    async def test_a_full_disk_caches_nothing_and_breaks_nothing(self, storage, folder, keys, full_disk) -> None:
        cache = opened(storage, folder)
        assert await cache.fetch(keys[0]) is None
        assert files(folder) == []

    async def test_a_full_disk_is_left_alone_for_a_while(self, storage, folder, keys, full_disk) -> None:
        cache = opened(storage, folder)
        await cache.fetch(keys[0])
        await cache.fetch(keys[1])
        assert storage.reads[keys[1]] == 0

    async def test_a_folder_that_cannot_be_made_is_no_cache(self, storage, tmp_path, keys) -> None:
        (tmp_path / "file").write_text("")
        cache = opened(storage, tmp_path / "file" / "cells")
        assert await cache.fetch(keys[0]) is None
        assert cache.find(keys[0]) is None

    async def test_somebody_elses_folder_is_not_trusted(self, storage, tmp_path, keys) -> None:
        (tmp_path / "theirs").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "theirs")
        cache = opened(storage, tmp_path / "link")
        assert await cache.fetch(keys[0]) is None

    async def test_the_player_gets_the_cell_all_the_same(self, player, film, full_disk) -> None:
        data = await film.store(0, data=b"x" * (3 * UNIT))
        answer = await player.get(film.cell_url(0))
        assert (answer.status_code, answer.content) == (200, data)
        part = await player.get(film.cell_url(0), headers={"Range": f"bytes={UNIT}-"})
        assert (part.status_code, part.content) == (206, data[UNIT:])
