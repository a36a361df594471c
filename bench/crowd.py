"""A crowd that watches the same film, by each way that its bytes can take, beside nginx with the same files."""

import asyncio
import json
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from uuid import UUID

import psutil
import psycopg

from bench.films import film
from bench.proxies import deployed, static_files
from bench.seed import Population, populated
from bench.servers import Server, Site
from bench.studio import is_ready, plan_of, seconds_until, signed_in, studio
from bench.tables import Row, Target, percentile, progress, report
from bench.viewers import Audience, Seen, watch
from matinee.common.environment import load_settings
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys

_VIEWERS = int(os.environ.get("VIEWERS", "1000"))
_PACE = 4.0  # seconds a cell lasts
_CELLS = 8
_BYTES = 500_000  # four seconds at 1 Mbit/s
_FRESH_CELLS = 8
_SECRET = "a secret of the edge and ours"
_NONE, _FLAT, _ONCE = Target("≤", 0), Target("≤", 1.1), Target("≤", 1)

_COUNT_RECORDS = """
CREATE TABLE bench_records (at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO bench_records DEFAULT VALUES; RETURN NULL; END $$;
CREATE TRIGGER bench_note AFTER UPDATE OF stored ON renditions FOR EACH STATEMENT EXECUTE FUNCTION bench_note();
"""
_COUNTS = """
SELECT (SELECT count(*) FROM bench_records),
    (SELECT sum(upper(r) - lower(r)) FROM renditions, unnest(stored) r)
"""


class Way(NamedTuple):
    """Servers that stand ready: where viewers go, and the API behind it."""

    url: str
    api: Server | None


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    del seconds, rounds
    _allow_sockets()
    population = populated(site.postgres)
    video = next(UUID(each) for each in population.playable if each[0] > "4")  # one that is encoded to its end
    paths = [f"/playback/{video}/r1/v720/{index}.m4s" for index in range(_CELLS)]
    playlist = f"/playback/{video}/r1/v720/playlist.m3u8"
    audience = Audience(_VIEWERS, _PACE, playlist, paths, _BYTES)
    asyncio.run(_store(site, population.url, video))
    rows = []
    floor: Seen | None = None
    for name in ("floor", "stream", "redirect", "accel", "cache", "cdn"):
        with _way(site, population, name, audience) as way:
            watch(way.url, audience._replace(cells=paths[:1]))  # everybody has come
            seen = watch(way.url, audience)
            once = _megabytes(way.api)
            if way.api is not None:
                watch(way.url, audience)
            twice = _megabytes(way.api)
        floor = floor or seen
        rows += _rows(name, seen, floor)
        if way.api is not None:
            rows.append(Row("  memory of the API after a second time", twice, "MB", "after the first", once, _FLAT))
        progress(f"{name}: {len(seen.cells):,} cells, p99 {percentile(seen.cells, 99) * 1000:.0f} ms")
    rows += asyncio.run(_fresh(site))
    notes = [
        f"{_VIEWERS:,} viewers, each a playlist and {_CELLS} cells of {_BYTES // 1000} kB, one every {_PACE:g} s.",
        "Viewers, API, nginx and storage share the machine, one process each. nginx has what deploy/ offers:",
        "accel nginx-accel.conf, cache nginx-cache.conf before `stream`, cdn nginx-edge.conf before the bucket.",
    ]
    report("crowd", "A crowd", rows, notes, site.folder)


def _rows(name: str, seen: Seen, floor: Seen) -> list[Row]:
    for failure in sorted(set(seen.failures))[:5]:
        progress(f"{name}: {seen.failures.count(failure)} × {failure}")
    if not seen.cells:
        raise SystemExit(f"{name}: nobody has got a cell.")
    rows = []
    for percent in (50, 99):
        ours, bare = (percentile(each.cells, percent) * 1000 for each in (seen, floor))
        beside = ("", None) if seen is floor else ("nginx, static files", bare)
        rows.append(Row(f"{name}: p{percent} of a cell", ours, "ms", *beside))
    return [*rows, Row("  failures", len(seen.failures), "", target=_NONE)]


@contextmanager
def _way(site: Site, population: Population, name: str, audience: Audience) -> Iterator[Way]:
    """The servers of one way; nothing is warm."""
    shutil.rmtree(site.folder / "cells", ignore_errors=True)
    storage = site.s3.url.removeprefix("http://")
    with ExitStack() as servers:
        if name == "floor":
            root = site.folder / "crowd"
            for path, size in [(audience.playlist, 1000), *((cell, _BYTES) for cell in audience.cells)]:
                (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
                (root / path[1:]).write_bytes(os.urandom(size))
            yield Way(servers.enter_context(static_files(site, root)).url, None)
            return
        settings = {"DELIVERY": "stream" if name == "cache" else name}
        if name == "cdn":
            bucket = {"/matinee/videos/": f"/{site.s3.bucket}/videos/", "replace-this-secret": _SECRET}
            edge = servers.enter_context(deployed(site, "nginx-edge", {"127.0.0.1:8333": storage, **bucket}))
            settings |= {"CDN_URL": edge.url, "CDN_SIGNING": "secure_link", "CDN_SECRET": _SECRET}
        api = servers.enter_context(site.api(population.url, **settings))
        front = api
        places = {"127.0.0.1:3000": api.url.removeprefix("http://")}
        if name == "accel":
            front = servers.enter_context(deployed(site, "nginx-accel", {"127.0.0.1:8333": storage, **places}))
        elif name == "cache":
            front = servers.enter_context(deployed(site, "nginx-cache", places))
        yield Way(front.url, api)


async def _fresh(site: Site) -> list[Row]:
    """The same crowd before a film of which nobody has seen that quality yet."""
    file = film(site.folder, 1)
    with studio(site, "crowd", ENCODE_POLICY="on_demand", PASSTHROUGH="off", LADDER="usual") as place:
        async with signed_in(place.url) as client:
            _, video = await seconds_until(client, file, is_ready)
        plan = plan_of(place, video.id)
        rung = plan.video[1].name
        base = f"/playback/{video.id}/{plan.recipe}/{rung}"
        cells = [f"{base}/{index}.m4s" for index in range(_FRESH_CELLS)]
        audience = Audience(_VIEWERS, _PACE, f"{base}/playlist.m3u8", cells)
        with psycopg.connect(place.database_url, autocommit=True) as db:
            db.execute(_COUNT_RECORDS)
            [[_, stored]] = db.execute(_COUNTS).fetchall()
            seen = await asyncio.to_thread(watch, place.url, audience)
            [[made, after]] = db.execute(_COUNTS).fetchall()
    return [
        Row(f"a fresh film, {rung}: p50 of a cell", percentile(seen.cells, 50) * 1000, "ms"),
        Row("  p99", percentile(seen.cells, 99) * 1000, "ms"),
        Row("  failures", len(seen.failures), "", target=_NONE),
        Row("  cells made", float(made), "", "cells that there are then", float(after - stored), _ONCE),
    ]


async def _store(site: Site, database_url: str, video: UUID) -> None:
    """Puts the cells where the seeded row says that they are, and lets an edge read them."""
    storage = S3Storage(load_settings(site.environment(database_url)))
    await storage.open()
    objects = f"arn:aws:s3:::{site.s3.bucket}/*"
    rule = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": objects}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    try:
        for index in range(_CELLS):
            key = keys.cell_key(video, "r1", "v720", index)
            await storage.put(key, os.urandom(_BYTES), keys.CONTENT_TYPES["video"])
        await storage._client.put_bucket_policy(Bucket=site.s3.bucket, Policy=policy)
    finally:
        await storage.close()


def _megabytes(server: Server | None) -> float:
    """What its processes hold in memory."""
    if server is None:
        return 0.0
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 1e6


def _allow_sockets() -> None:
    """For ourselves and the servers that we start: each viewer has one or two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
