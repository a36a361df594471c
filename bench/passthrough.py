"""What it saves to offer a picture that conforms as it is: time to the best quality, and CPU time of everything."""

import asyncio

import psutil
import psycopg

from bench.films import film
from bench.servers import Site
from bench.studio import clear, seconds_until, signed_in, studio
from bench.tables import Row, progress, report
from matinee.modules.videos.schemas import Video

_MINUTES = (1, 10)
_HAS_PICTURES = "SELECT 1 FROM videos WHERE has_poster AND storyboard IS NOT NULL AND has_preview"
_MAX_KBITS = "40000"  # the film takes more than what is offered by default


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table. The film of 10 minutes is not encoded as a whole, only its best quality waited for."""
    del seconds, rounds
    asyncio.run(_measure(site))


async def _measure(site: Site) -> None:
    best: dict[tuple[str, int], float] = {}
    spent: dict[str, float] = {}
    unwatched: dict[str, float] = {}
    copied: dict[int, float] = {}
    for passthrough in ("on", "off"):
        with studio(site, "passthrough", PASSTHROUGH=passthrough, PASSTHROUGH_MAX_KBITS=_MAX_KBITS) as place:
            async with signed_in(place.url) as client:
                for minutes in _MINUTES:
                    best[passthrough, minutes], _ = await seconds_until(client, film(site.folder, minutes), _begun)
                    await clear(place)
                if passthrough == "on":
                    for minutes in _MINUTES:
                        copied[minutes], _ = await seconds_until(client, film(site.folder, minutes), _whole)
                        await clear(place)
                before = _cpu(place.worker.pid)
                await seconds_until(client, film(site.folder, 1), _complete)
                spent[passthrough] = _cpu(place.worker.pid) - before
        unwatched[passthrough] = await _unwatched(site, passthrough)
        progress(
            f"{passthrough}: {best[passthrough, 1]:.1f} s to the best quality, {spent[passthrough]:.0f} s of CPU"
        )
    rows = [
        Row(f"upload complete → best quality begins, {minutes} min", best["on", minutes], "s", "encoded",
            best["off", minutes])
        for minutes in _MINUTES
    ]  # fmt: skip
    rows += [Row(f"upload complete → all of it, {minutes} min", copied[minutes], "s") for minutes in _MINUTES]
    rows.append(Row("CPU time of the whole ladder of 1 min", spent["on"], "s", "encoded", spent["off"]))
    rows.append(
        Row("CPU time of 10 min that nobody watches, on_demand", unwatched["on"], "s", "encoded", unwatched["off"])
    )
    report("passthrough", "A picture that conforms", rows, ["1080p30, H.264, a keyframe every 2 s."], site.folder)


async def _unwatched(site: Site, passthrough: str) -> float:
    """CPU time of 10 minutes with `on_demand`, until all is made that is made though nobody watches."""
    settings = {"PASSTHROUGH": passthrough, "PASSTHROUGH_MAX_KBITS": _MAX_KBITS, "ENCODE_POLICY": "on_demand"}
    with studio(site, "passthrough", **settings) as place:
        before = _cpu(place.worker.pid)
        async with signed_in(place.url) as client:
            _, video = await seconds_until(client, film(site.folder, 10), _rests)
        if _is_copied(video) != (passthrough == "on"):
            raise SystemExit(f"With passthrough {passthrough}: {video.encoding and video.encoding.notes}")
        with psycopg.connect(place.database_url, autocommit=True) as db:
            while not db.execute(_HAS_PICTURES).fetchone():
                await asyncio.sleep(0.2)
        return _cpu(place.worker.pid) - before


def _rests(video: Video) -> bool:
    return video.encoding is not None and video.encoding.state == "resting"


def _cells(video: Video) -> tuple[int, int]:
    """Of the best quality: how many cells are stored, and how many there are."""
    pictures = [r for r in video.encoding.renditions if r.kind == "video"] if video.encoding else []
    return (pictures[-1].cells_stored, pictures[-1].cells) if pictures else (0, 1)


def _is_copied(video: Video) -> bool:
    return video.encoding is not None and any(rendition.copied for rendition in video.encoding.renditions)


def _begun(video: Video) -> bool:
    return video.status == "READY" and _cells(video)[0] > 0


def _whole(video: Video) -> bool:
    return _cells(video)[0] == _cells(video)[1]


def _complete(video: Video) -> bool:
    return video.encoding is not None and video.encoding.state == "complete"


def _cpu(pid: int) -> float:
    """Seconds of CPU time of a process and of its children that have ended."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system
