"""Films whose cells are made once a run and whose rows are made for each test, as if they had been encoded."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.e2e.frame_film import BITS, frame_number, make_frame_film
from tests.integration.conftest import Person
from tests.integration.media.playing import planned, video_cells

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.jobs import JobQueue
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.cells import Cell
from matinee.media.model import Plan
from matinee.modules.pictures.jobs import picture_jobs
from matinee.upkeep import register_upkeep
from matinee.worker import Worker

SECONDS = 14  # five cells, in v240 and v360: they begin at 0, 1, 5, 9 and 13 s
PATIENCE = 60.0

_ADD_VIDEO = """
INSERT INTO videos (owner_id, title, visibility, status, filename, filesize, filetype, part_size, plan, width, height)
VALUES (%s, 'Sea', %s, %s, 'sea.mp4', 1000, 'video/mp4', 1000, %s::text::jsonb, 640, 360) RETURNING id
"""
_ADD_RENDITION = """
INSERT INTO renditions (video_id, name, recipe, position, cells, stored, keyframe_bytes, init_hash)
VALUES (%s, %s, %s, %s, %s, int4multirange(int4range(0, %s)), %s::integer[], %s)
"""
_JOBS_LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"

Encoded = tuple[Plan, dict[str, list[Cell]]]


class Film:
    """A video in the database and its objects in the storage."""

    def __init__(self, services: Services, video_id: UUID, plan: Plan) -> None:
        self.services, self.id, self.plan = services, video_id, plan
        self.url = f"/playback/{video_id}"
        self.api = f"/api/v1/videos/{video_id}"

    async def enqueue_pictures(self) -> None:
        """As the last cell of the lowest rung does."""
        async with self.services.database.transaction() as db:
            for job in picture_jobs(self.id):
                await self.services.queue.enqueue(db, job)

    async def change(self, **columns: object) -> None:
        """Changes columns of the row, as other features do."""
        async with self.services.database.connection() as db:
            for name, value in columns.items():
                await execute(db, f"UPDATE videos SET {name} = %s WHERE id = %s", (value, self.id))  # type: ignore[arg-type]

    async def objects(self) -> list[str]:
        """The keys of everything that is stored of it, without its prefix."""
        prefix = keys.video_prefix(self.id)
        found: list[str] = []
        async for page in self.services.storage._pages("list_objects_v2", Prefix=prefix):
            found += [entry["Key"].removeprefix(prefix) for entry in page.get("Contents", [])]
        return sorted(found)


Shoot = Callable[..., Awaitable[Film]]


@pytest.fixture(scope="session")
async def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """The plan and cells of a film whose pictures tell their frame number."""
    source = make_frame_film(tmp_path_factory.mktemp("frames") / "frames.mp4", seconds=SECONDS)
    plan = await planned(source)
    return plan, await video_cells(source, plan)


@pytest.fixture
def shoot(services: Services, encoded: Encoded) -> Shoot:
    """Makes films: `await shoot(ada, visibility="private", stored={"v240": 2})`."""

    async def make(
        owner: Person,
        *,
        visibility: str = "public",
        status: str = "READY",
        stored: dict[str, int] | None = None,
        made_of: Encoded = encoded,
    ) -> Film:
        plan, cells = made_of
        async with services.database.transaction() as db:
            row = (UUID(owner.id), visibility, status, msgspec.json.encode(plan).decode())
            video_id: UUID = await fetch_value(db, _ADD_VIDEO, row)
            for position, rung in enumerate(plan.video):
                count = plan.grid.cells if stored is None else stored.get(rung.name, 0)
                made = cells[rung.name][:count]
                sizes = [cell.keyframe_bytes for cell in made]
                init_hash = sha256(made[0].init).digest() if made else None
                values = (video_id, rung.name, plan.recipe, position, plan.grid.cells, count, sizes, init_hash)
                await execute(db, _ADD_RENDITION, values)
                objects = {keys.init_key(video_id, plan.recipe, rung.name): cell.init for cell in made[:1]}
                objects |= {keys.cell_key(video_id, plan.recipe, rung.name, cell.index): cell.data for cell in made}
                for key, data in objects.items():
                    await services.storage.put(key, data, "video/mp4")
        return Film(services, video_id, plan)

    return make


@pytest.fixture
async def film(shoot: Shoot, ada: Person) -> Film:
    """A public film of Ada's, complete in every rendition."""
    return await shoot(ada)


@asynccontextmanager
async def working(services: Services, settings: Settings) -> AsyncIterator[None]:
    """A worker in this process for the length of the block, which ends when no job is left."""
    queue = JobQueue(services.database, max_attempts=2, heartbeat=0.3, stale_after=2.0)
    held, services.queue = services.queue, queue
    register_upkeep(services)
    services.queue = held
    worker = Worker(settings, services.database, services.storage, queue)
    stop, hurry = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(worker.run(stop, hurry))
    try:
        yield
        async with asyncio.timeout(PATIENCE):
            while await jobs_left(services):
                await asyncio.sleep(0.03)
    finally:
        stop.set()
        hurry.set()
        await running


async def jobs_left(services: Services) -> int:
    async with services.database.connection() as db:
        return int(await fetch_value(db, _JOBS_LEFT))


def shown_frame(picture: bytes | Path, crop: str = "null") -> int:
    """The frame number that a picture shows, or a part of it."""
    source = ["-i", str(picture)] if isinstance(picture, Path) else ["-i", "pipe:0"]
    filters = f"{crop},scale={BITS}:1:flags=area,format=gray"
    command = [
        find_binaries().ffmpeg,
        "-v",
        "error",
        *source,
        "-vf",
        filters,
        "-frames:v",
        "1",
        "-f",
        "rawvideo",
        "-",
    ]
    given = picture if isinstance(picture, bytes) else b""
    return frame_number(list(subprocess.run(command, input=given, check=True, capture_output=True).stdout))
