"""The three requests that everything else resembles: one row, a page of twenty, an insert.

Interleaved round by round: Matinee as it is served, the floor, and the peer that such a backend is otherwise
written in.
"""

import json
from contextlib import ExitStack
from typing import NamedTuple

from bench import peer
from bench.floor import DRIVERS
from bench.load import Lane, Load, Shots, compare
from bench.seed import UPLOADED_HERE, Population, populated
from bench.servers import Site
from bench.tables import Row, Target, report

_BODY = {
    "title": "My holiday video from the sea",
    "description": "A description of middling length. " * 6,
    "filename": UPLOADED_HERE,
    "filesize": 123456789,
    "filetype": "video/mp4",
}
_P99 = Target("≤", 1.0)


class Case(NamedTuple):
    """One kind of request, as each server understands it."""

    figure: str
    floor: str  # the application in floor.py
    target: Target  # against the peer, of requests a second
    ours: Shots
    bare: Shots
    peer: str  # the name of its operation in the peer's make_load.py


def cases(population: Population) -> list[Case]:
    """Row, page, insert."""
    ids, tokens, owners, cursors = population.ids, population.tokens, population.owners, population.cursors
    row = [f"/api/v1/videos/{video_id}" for video_id in ids]
    mine, bare = [], []
    for owner, cursor in zip(owners, cursors, strict=True):
        mine += ["/api/v1/videos/mine?limit=20", f"/api/v1/videos/mine?limit=20&cursor={cursor}"]
        bare += [f"/mine?owner={owner}", f"/mine?owner={owner}&cursor={cursor}"]
    twice = [token for token in tokens for _ in range(2)]
    body = json.dumps(_BODY)
    init = ["/api/v1/videos/init"] * len(tokens)
    return [
        Case("GET videos/{id}", "row", Target("≥", 1.5), Shots("GET", row, tokens), Shots("GET", row), "row"),
        Case("GET videos/mine", "page", Target("≥", 2.0), Shots("GET", mine, twice), Shots("GET", bare), "page"),
        Case(
            "POST videos/init", "insert", Target("≥", 1.5), Shots("POST", init, tokens, body),
            Shots("POST", init, body=body), "insert",
        ),
    ]  # fmt: skip


def floor_environment(population: Population, driver: str = "psycopg") -> dict[str, str]:
    """What the applications of floor.py read."""
    owners = ",".join(population.owners)
    return {"DATABASE_URL": population.url, "BENCH_OWNERS": owners, "FLOOR_DRIVER": driver}


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    population = populated(site.postgres)
    rows: list[Row] = []
    with ExitStack() as servers:
        ours = servers.enter_context(site.api(population.url))
        logging = servers.enter_context(site.api(population.url, "matinee-logging", LOG_LEVEL="info"))
        other = servers.enter_context(peer.running(site))
        for case in cases(population):
            with ExitStack() as floors:
                lanes = [Lane(ours, case.ours), Lane(logging, case.ours)]
                for driver in DRIVERS:
                    environment = floor_environment(population, driver)
                    floor = site.granian(f"floor-{driver}", f"bench.floor:{case.floor}", environment)
                    lanes.append(Lane(floors.enter_context(floor), case.bare))
                if other is not None:
                    lanes.append(Lane(other.server, other.shots[case.peer]))
                loads = compare(lanes, site.folder, seconds=seconds, rounds=rounds, label=case.figure)
                rows += _rows(case, *loads)
    notes = ["One process each, wrk with 1 thread and 32 connections, medians of interleaved rounds."]
    if other is None:
        notes.append(peer.absence())
    report("api", "API: requests a second and time to answer", rows, notes, site.folder)


def _rows(case: Case, ours: Load, logging: Load, floor: Load, lean: Load, other: Load | None = None) -> list[Row]:
    rows = [
        Row(case.figure, ours.rate, "req/s", "bare ASGI, psycopg", floor.rate),
        Row("", ours.rate, "req/s", "bare ASGI, asyncpg", lean.rate),
        Row("  with access logs", logging.rate, "req/s", "without them", ours.rate),
        Row("  p99", ours.p99, "ms", "bare ASGI, psycopg", floor.p99),
    ]
    if other is not None:
        rows.insert(1, Row("", ours.rate, "req/s", "Fastify + Prisma", other.rate, case.target))
        rows.append(Row("  p99", ours.p99, "ms", "Fastify + Prisma", other.p99, _P99))
    return rows
