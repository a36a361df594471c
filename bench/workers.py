"""One video's ladder by several workers: processes on this machine, and hosts that share only PostgreSQL and S3.

The hosts' encoders are slow on purpose (`slow_worker`), so that four of them can be seen to work beside each other
on two cores. What is measured is the sharing: queue, storage, records.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from bench.hosts import HostsUnavailable, Network
from bench.servers import Site
from bench.studio import plan_of, seconds_until, signed_in, studio
from bench.tables import Row, Target, progress, report
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.media.binaries import find_binaries
from matinee.modules.encoding.jobs import chunk_job
from matinee.modules.videos.schemas import Video

SLOW_SECONDS = 4.0  # a cell takes; many times what the two cores need for one, also of four hosts at once
HOSTS = (1, 2, 4)
_SHARE = Target("≤", 1.15)
_PATIENCE = 600.0
_LOOK_SECONDS = 0.02

_ALIVE = """
SELECT count(*) FROM job_workers w JOIN procrastinate_workers p USING (id)
WHERE w.lane = 'encode' AND p.last_heartbeat > now() - interval '5 s'
"""
_LEFT = "SELECT sum(cells - (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(stored) r)) FROM renditions"
_FORGET = "UPDATE renditions SET stored = '{}', bytes = 0"
_NO_WORKERS = "DELETE FROM procrastinate_workers"
# A lane that waits for its first job asks for it at this pace, should it miss the news of it. The films conform, and
# what is copied would be made by no chunk.
_SETTINGS = {
    "WORKER_SLOTS": "1",
    "WORKER_HEARTBEAT_SECONDS": "0.5",
    "WORKER_STALE_SECONDS": "5",
    "PASSTHROUGH": "off",
}


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds, rounds
    rows = _processes(site)
    notes = [
        "Single-slot workers. The chunks are enqueued when all workers live; timed until the last cell is there."
    ]
    try:
        rows += _hosts(site)
        notes.append(
            f"Hosts are network namespaces, with an encoder that takes {SLOW_SECONDS:g} s a cell, of four rungs."
        )
    except HostsUnavailable as error:
        notes.append(f"No hosts were measured. {error}")
    report("workers", "Many workers", rows, notes, site.folder)


def _processes(site: Site) -> list[Row]:
    """What a second process brings where the processors are the same; an encoder uses both of two cores."""
    film = _film(site.folder, "24s-720p30", "1280x720", rate=30, seconds=24)
    url, video_id, chunks = _prepare(site, film)
    taken = []
    for count in (1, 2):
        environment = site.environment(url, **_SETTINGS)
        commands = [[sys.executable, "-m", "matinee.cli", "worker"]] * count
        taken.append(_fill(site, url, video_id, chunks, commands, environment))
    return [
        Row("1 worker process, 24 s of 720p30", taken[0], "s"),
        Row("2 worker processes", taken[1], "s", "1 process", taken[0], Target("≤", 1.05)),
    ]


def _hosts(site: Site) -> list[Row]:
    film = _film(site.folder, "96s-720p5", "1280x720", rate=5, seconds=96)
    with Network(max(HOSTS)) as network:
        url, video_id, chunks = _prepare(site, film)
        away = url.replace(
            f"@127.0.0.1:{site.postgres.port}", f"@{network.address}:{network.offer(site.postgres.port)}"
        )
        s3_port = int(site.s3.url.rpartition(":")[2])
        s3 = f"http://{network.address}:{network.offer(s3_port)}"
        environment = site.environment(away, **{**_SETTINGS, "S3_ENDPOINT_URL": s3})
        slow = [sys.executable, "-m", "bench.slow_worker", str(SLOW_SECONDS)]
        taken = {}
        for count in HOSTS:
            commands = [[*host.command, *slow] for host in network.hosts[:count]]
            taken[count] = _fill(site, url, video_id, chunks, commands, environment)
    rows = [Row(f"1 slow host, 96 s of 720p in {chunks} chunks", taken[1], "s")]
    for count in HOSTS[1:]:
        rows.append(Row(f"{count} slow hosts", taken[count], "s", f"1 host / {count}", taken[1] / count, _SHARE))
    return rows


def _prepare(site: Site, film: Path) -> tuple[str, UUID, int]:
    """A complete video; its database, its id, and how many chunks it has."""

    async def upload(url: str) -> Video:
        async with signed_in(url) as client:
            _, video = await seconds_until(client, film, _complete)
            return video

    with studio(site, "workers", **_SETTINGS) as place:
        video_id = UUID(asyncio.run(upload(place.url)).id)
        return place.database_url, video_id, plan_of(place, video_id).chunks


def _complete(video: Video) -> bool:
    return video.encoding is not None and video.encoding.state == "complete"


def _fill(
    site: Site, url: str, video_id: UUID, chunks: int, commands: Sequence[Sequence[str]], environment: dict[str, str]
) -> float:
    """Seconds that these workers take to make all cells anew."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(_NO_WORKERS)
        with ExitStack() as workers:
            for number, command in enumerate(commands):
                workers.enter_context(_running(command, environment, site.folder / f"worker-{number}.log"))
            _until(db, _ALIVE, len(commands))
            db.execute(_FORGET)
            started = time.monotonic()
            asyncio.run(_enqueue(url, video_id, chunks))
            _until(db, _LEFT, 0)
            taken = time.monotonic() - started
    progress(f"{len(commands)} × {commands[0][-2]}: {taken:.1f} s")
    return taken


async def _enqueue(url: str, video_id: UUID, chunks: int) -> None:
    database = Database(url, size=2)
    await database.open()
    try:
        async with database.transaction() as db:
            jobs = [chunk_job(video_id, chunk) for chunk in range(chunks)]
            await JobQueue(database).enqueue_all(db, jobs)
    finally:
        await database.close()


def _until(db: psycopg.Connection, sql: str, value: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        row = db.execute(sql.encode()).fetchone()
        if row is not None and row[0] == value:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not come true in {_PATIENCE:g} s: {sql.strip()} = {value}")
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _film(folder: Path, name: str, size: str, *, rate: int, seconds: int) -> Path:
    file = folder / "films" / f"{name}.mp4"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        made = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
        made += ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(2 * rate), "-pix_fmt", "yuv420p"]
        unfinished = file.with_suffix(".part.mp4")
        command = [find_binaries().ffmpeg, "-y", "-v", "error", "-nostdin", *made, "-movflags", "+faststart"]
        subprocess.run([*command, str(unfinished)], check=True)
        unfinished.rename(file)
    return file
