"""From the end of an upload to a video that plays: it should not depend on the film's length."""

import asyncio

from bench.films import film
from bench.servers import Site
from bench.studio import clear, seconds_until, signed_in, studio
from bench.tables import Row, Target, median, progress, report

_MINUTES = (1, 10)
_TARGET = Target("≤", 2.0)


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds
    taken = asyncio.run(_measure(site, max(1, min(rounds, 3))))
    short = median(taken[1])
    rows = [Row("upload complete → READY, 1 min", short, "s", target=_TARGET)]
    rows.append(Row("upload complete → READY, 10 min", median(taken[10]), "s", target=_TARGET))
    rows.append(Row("  10 min against 1 min", median(taken[10]), "s", "1 min", short))
    rows += [Row(f"  slowest of {minutes} min", max(taken[minutes]), "s") for minutes in _MINUTES]
    notes = ["1080p30 with sound; from the request that completes the upload to the event that says READY."]
    report("ready", "Time until a video plays", rows, notes, site.folder)


async def _measure(site: Site, rounds: int) -> dict[int, list[float]]:
    taken: dict[int, list[float]] = {minutes: [] for minutes in _MINUTES}
    films = {minutes: film(site.folder, minutes) for minutes in _MINUTES}
    with studio(site, "ready") as place:
        async with signed_in(place.url) as client:
            for turn in range(rounds):
                for minutes, file in films.items():
                    seconds, _ = await seconds_until(client, file, lambda video: video.status == "READY")
                    progress(f"{minutes} min, round {turn + 1} of {rounds}: READY after {seconds:.2f} s")
                    taken[minutes].append(seconds)
                    await clear(place)
    return taken
