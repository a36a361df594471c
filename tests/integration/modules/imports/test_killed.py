"""A worker may die at any moment of an import."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.integration.modules.encoding.stage import WorkerProcess
from tests.integration.modules.imports.conftest import Imports
from tests.integration.modules.imports.film_server import FilmServer

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.media import keys
from matinee.modules.uploads.rules import PART_SIZE


@pytest.fixture
def start_worker(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], WorkerProcess]]:
    """Starts workers as processes; those left at the end of the test are killed."""
    started: list[WorkerProcess] = []
    allowed = msgspec.structs.replace(settings, import_allowed=("127.0.0.2/32",))

    def start() -> WorkerProcess:
        started.append(WorkerProcess(allowed, tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        print(process.log.read_text())  # shown where the test failed


class TestKilled:
    async def test_another_worker_goes_on_with_what_is_stored(
        self, imports: Imports, server: FilmServer, services: Services, start_worker: Callable[[], WorkerProcess]
    ) -> None:
        """Kill -9: the parts that were stored are not fetched again, and the file is the same to the byte."""
        server.content *= 4
        assert PART_SIZE < len(server.content) < 2 * PART_SIZE
        server.holds.clear()
        worker = start_worker()
        video_id = await imports.begin(server.url())
        await imports.until(video_id, lambda video: video["import"]["received"] >= PART_SIZE)
        worker.kill()
        server.holds.set()
        start_worker()
        video = await imports.until(video_id, lambda video: video["import"] is None)
        assert not (video["failure"] or {"code": ""})["code"].startswith("import")
        stored = await services.storage.read(keys.source_key(UUID(video_id)), 0, len(server.content) + 1)
        assert stored == server.content
        assert server.ranges == [None, f"bytes={PART_SIZE}-"]
