"""From the end of an upload to the first picture of each rung, of short films and long ones."""

import asyncio
import random

import aiohttp

from bench.films import film, long_film
from bench.servers import Site
from bench.studio import Studio, clear, get_cell, is_ready, plan_of, seconds_until, signed_in, studio
from bench.tables import Row, Target, median, percentile, progress, report
from matinee.cli.client import Client

_SEEKS = 8  # to random places, each time the same ones
_ROUNDS = 3  # of figures that have a target; of the others one
_TARGETS = {"v240": None, "v360": Target("≤", 2.0), "v480": None, "v720": None, "v1080": Target("≤", 4.0)}


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table; each rung of each film has uploads of its own."""
    del seconds, rounds
    asyncio.run(_measure(site))


async def _measure(site: Site) -> None:
    with studio(site, "starts", ENCODE_POLICY="on_demand", PASSTHROUGH="off") as place:
        async with signed_in(place.url) as client, aiohttp.ClientSession(place.url) as http:
            rows = await _beginnings(site, place, client, http)
    report(
        "starts",
        "First pictures after an upload",
        rows,
        [f"1080p30; each figure has an upload of its own, with a target the median of {_ROUNDS}."],
        site.folder,
    )


async def _beginnings(site: Site, place: Studio, client: Client, http: aiohttp.ClientSession) -> list[Row]:
    """Uploads each film anew for each rung, and asks for that one alone as soon as the video is READY."""
    rows = []
    films = {f"{minutes} min": film(site.folder, minutes) for minutes in (1, 10)}
    for length, file in {**films, "2 h": long_film(site.folder)}.items():
        seeks: list[float] = []
        for name, target in _TARGETS.items():
            taken = []
            for _ in range(_ROUNDS if target else 1):
                ready, video = await seconds_until(client, file, is_ready)
                plan = plan_of(place, video.id)
                rung = next(rung for rung in plan.video if rung.name == name)
                taken.append(ready + await get_cell(http, video.id, plan, rung, 0))
                if name == "v1080" and not seeks:
                    many = max(1, min(_SEEKS, plan.grid.cells // 16))  # a minute apart: what is made ahead is no seek
                    places = random.Random(1).sample(range(plan.grid.cells // 2, plan.grid.cells), many)
                    seeks = [await get_cell(http, video.id, plan, rung, cell) for cell in places]
                await clear(place)
                progress(f"{length}: {name} after {taken[-1]:.2f} s")
            rows.append(Row(f"upload complete → {name}, {length}", median(taken), "s", target=target))
        progress(f"{length}: seeks after {', '.join(f'{seek:.2f}' for seek in seeks)} s")
        rows.append(Row("  then at once seeks to random places, v1080", median(seeks), "s"))
        rows.append(Row(f"    p95 of {len(seeks)}", percentile(seeks, 95), "s"))
    return rows
