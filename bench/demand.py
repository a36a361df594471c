"""Cells that do not exist, from the request to their bytes, beside bare FFmpeg making the same."""

import asyncio
import time
from pathlib import Path
from uuid import UUID

import aiohttp
import psycopg

from bench.films import film
from bench.servers import Site
from bench.studio import Studio, clear, get_cell, is_ready, plan_of, seconds_until, signed_in, studio
from bench.tables import Row, Target, median, percentile, progress, report
from matinee.media.binaries import find_binaries
from matinee.media.model import Plan, VideoRendition
from matinee.media.video_argv import cells_argv, entry_points

_MINUTES = 10
_FIRST, _APART = 12, 25  # cells; further apart than what is made ahead of a viewer
_VIEWERS = 20
_AT_ONCE = 2  # bare FFmpeg processes beside as many demand slots
_EXTRA = Target("≤", 0.15)


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds
    asyncio.run(_measure(site, rounds))


async def _measure(site: Site, rounds: int) -> None:
    file = film(site.folder, _MINUTES)
    with studio(site, "demand", ENCODE_POLICY="on_demand", PASSTHROUGH="off", LADDER="usual") as place:
        async with signed_in(place.url) as client, aiohttp.ClientSession(place.url) as http:
            _, video = await seconds_until(client, file, is_ready)
            plan = plan_of(place, video.id)
            await _until_idle(place)
            rows = []
            for rung in plan.video[1:]:
                rows += await _missing_cells(site, place, http, video.id, plan, rung, file, rounds)
            rows += await _crowd(site, place, http, video.id, plan, file)
            await clear(place)
    notes = [
        f"1080p30; the cells are those of a film of {_MINUTES} min of which the lowest rung and the sound exist.",
        "Bare FFmpeg: the same command on the file itself, into a file; nothing else runs.",
    ]
    report("demand", "Encoding on demand", rows, notes, site.folder)


async def _missing_cells(
    site: Site,
    place: Studio,
    http: aiohttp.ClientSession,
    video_id: UUID,
    plan: Plan,
    rung: VideoRendition,
    file: Path,
    rounds: int,
) -> list[Row]:
    """Seeks of one viewer to places of which nothing exists."""
    ours, bare = [], []
    for cell in range(_FIRST, min(plan.grid.cells, _FIRST + rounds * _APART), _APART):
        ours.append(await get_cell(http, video_id, plan, rung, cell))
        await _until_idle(place)
        bare.append(await _bare(site, plan, rung, cell, file))
        progress(f"{rung.name}, cell {cell}: {ours[-1]:.2f} s, bare FFmpeg {bare[-1]:.2f} s")
    extra = [mine - theirs for mine, theirs in zip(ours, bare, strict=True)]
    return [
        Row(f"a missing cell of {rung.name}", median(ours), "s", "bare FFmpeg", median(bare)),
        Row(f"  p95 of {len(ours)}", percentile(ours, 95), "s", "bare FFmpeg", percentile(bare, 95)),
        Row("  beyond bare FFmpeg", median(extra), "s", target=_EXTRA),
    ]


async def _crowd(
    site: Site, place: Studio, http: aiohttp.ClientSession, video_id: UUID, plan: Plan, file: Path
) -> list[Row]:
    """Twenty viewers who come at once, each to a place of his own of the highest rung but one."""
    rung = plan.video[-2]
    with psycopg.connect(place.database_url, autocommit=True) as db:
        db.execute(
            "UPDATE renditions SET stored = '{}', bytes = 0 WHERE video_id = %s AND name = %s", (video_id, rung.name)
        )
    cells = [index * plan.grid.cells // _VIEWERS for index in range(_VIEWERS)]
    taken = await asyncio.gather(*(get_cell(http, video_id, plan, rung, cell) for cell in cells))
    await _until_idle(place)
    slots = asyncio.Semaphore(_AT_ONCE)
    began = time.monotonic()

    async def make(cell: int) -> float:
        async with slots:
            await _bare(site, plan, rung, cell, file)
            return time.monotonic() - began

    bare = await asyncio.gather(*(make(cell) for cell in cells))
    against = f"bare FFmpeg, {_AT_ONCE} at once"
    return [
        Row(
            f"{_VIEWERS} viewers at {_VIEWERS} places of {rung.name}: half have it",
            median(taken),
            "s",
            against,
            median(bare),
        ),
        Row("  the last one", max(taken), "s", against, max(bare)),
    ]


async def _bare(site: Site, plan: Plan, rung: VideoRendition, cell: int, file: Path) -> float:
    cells = range(cell, cell + 1)
    output = site.folder / f"bare-{rung.name}-{cell}.mp4"
    argv = cells_argv(
        find_binaries().ffmpeg,
        str(file),
        plan,
        cells,
        [rung],
        [str(output)],
        entry=entry_points(plan, cell)[0],
        max_pixels=8192 * 4352,
    )
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(*argv, "-y", stdin=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise SystemExit(f"FFmpeg failed: {' '.join(argv)}")
    taken = time.monotonic() - began
    output.unlink()
    return taken


async def _until_idle(place: Studio) -> None:
    """Until nothing is made ahead of anybody any more."""
    async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as db:
        while True:
            found = await (
                await db.execute(
                    "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') "
                    "AND queue_name <> 'upkeep'"
                )
            ).fetchone()
            if found == (0,):
                return
            await asyncio.sleep(0.2)
