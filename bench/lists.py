"""Lists stay flat: a page costs the same among 1,000 videos and among 1,000,000, the first and one deep inside."""

import json
from typing import NamedTuple

import msgspec
import psycopg

from bench.load import Lane, Shots, compare
from bench.seed import fresh_database, sample_plan, tokens_of
from bench.servers import Server, Site
from bench.tables import Row, Target, median, report
from matinee.common.http.pagination import Cursor, encode_cursor
from matinee.embedded.postgres import PostgresEndpoint
from matinee.modules.videos import repository

_SIZES = (1_000, 1_000_000)
_OWNERS = 20  # own everything in equal shares, so that a page in the middle is full in the small database too
_TARGET = Target("≤", 1.5)

_MAKE_USERS = """
INSERT INTO users (email, password_hash, name)
SELECT 'user'||g||'@example.com', 'x', 'User '||g FROM generate_series(1, %(owners)s) g
"""
_MAKE_VIDEOS = """
INSERT INTO videos (owner_id, title, description, visibility, status, filename, filesize, filetype, part_size,
    duration, width, height, plan, has_poster, created_at, updated_at, ready_at)
SELECT owners[1 + g %% %(owners)s], 'Video number '||g, repeat('Lorem ipsum dolor sit amet. ', 1 + g %% 8), 'public',
    'READY', 'film-'||g||'.mp4', 1000000 + g, 'video/mp4', 16777216, 60.0, 1280, 720, %(plan)s::jsonb, true,
    timestamptz '2026-01-01' + g * interval '1 second', now(), now()
FROM generate_series(1, %(videos)s) g, (SELECT array_agg(id) AS owners FROM users) u
"""
_ORDER = "ORDER BY created_at DESC, id DESC"


class Place(NamedTuple):
    """One list in one database, from its start or from the middle."""

    figure: str
    path: str
    tokens: list[str]
    statement: str
    params: dict[str, object]


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    urls = [_filled(site.postgres, videos) for videos in _SIZES]
    few_url, many_url = urls
    rows, notes = [], []
    with site.api(few_url, "matinee-few") as few, site.api(many_url, "matinee-many") as many:
        for small, large in zip(_places(few_url), _places(many_url), strict=True):
            lanes = [_lane(few, small), _lane(many, large)]
            loads = compare(lanes, site.folder, seconds=seconds / 2, rounds=rounds, label=large.figure, connections=1)
            rows.append(Row(large.figure, loads[1].p50, "ms", "among 1,000", loads[0].p50, _TARGET))
            (taken, scan), (taken_small, _) = _explain(many_url, large), _explain(few_url, small)
            rows.append(Row("  in PostgreSQL", taken, "ms", "among 1,000", taken_small))
            notes.append(f"{large.figure}: {scan}")
    report("lists", "A page of 20 among 1,000,000 videos, asked for one at a time", rows, notes, site.folder)


def _lane(server: Server, place: Place) -> Lane:
    return Lane(server, Shots("GET", [place.path], place.tokens))


def _filled(postgres: PostgresEndpoint, videos: int) -> str:
    def fill(url: str) -> None:
        plan = msgspec.json.encode({"version": sample_plan().version}).decode()  # lists do not read it
        params = {"owners": _OWNERS, "videos": videos, "plan": plan}
        with psycopg.connect(url) as db:
            db.execute("SET session_replication_role = replica")
            for statement in (_MAKE_USERS, _MAKE_VIDEOS):
                db.execute(statement, params)
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("VACUUM ANALYZE")

    return fresh_database(postgres, f"bench_list_{videos}", version=f"1 {_OWNERS}", fill=fill)


def _places(url: str) -> list[Place]:
    """The public list and an owner's, each at its start and in its middle."""
    with psycopg.connect(url) as db:
        owner = db.execute("SELECT id FROM users ORDER BY email LIMIT 1").fetchone()
        assert owner is not None
        counted = db.execute("SELECT count(*) FROM videos").fetchone()
        assert counted is not None
        everywhere = _middle(db, "", (counted[0] // 2,))
        inside = _middle(db, "WHERE owner_id = %s", (owner[0], counted[0] // _OWNERS // 2))
    places = []
    for figure, path, tokens, select, params, deep in (
        ("GET videos", "/api/v1/videos", [], repository._PUBLIC, {}, everywhere),
        (
            "GET videos/mine",
            "/api/v1/videos/mine",
            tokens_of([owner[0]]),
            repository._MINE,
            {"owner": owner[0]},
            inside,
        ),
    ):
        first = {**params, "limit": 21}
        after = {**first, "created_at": deep.created_at, "id": deep.id}
        places += [
            Place(f"{figure}, first page", f"{path}?limit=20", tokens, f"{select} {repository._NEWEST}", first),
            Place(
                f"{figure}, page in the middle", f"{path}?limit=20&cursor={encode_cursor(deep)}", tokens,
                f"{select} {repository._AFTER} {repository._NEWEST}", after,
            ),
        ]  # fmt: skip
    return places


def _middle(db: psycopg.Connection, where: str, params: tuple[object, ...]) -> Cursor:
    row = db.execute(f"SELECT created_at, id FROM videos {where} {_ORDER} OFFSET %s LIMIT 1", params).fetchone()
    assert row is not None
    return Cursor(*row)


def _explain(url: str, place: Place) -> tuple[float, str]:
    """Milliseconds that PostgreSQL takes, and how it finds the videos."""
    with psycopg.connect(url, autocommit=True) as db:
        plans = []
        for _ in range(15):
            row = db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {place.statement}", place.params).fetchone()
            assert row is not None
            plans.append(row[0][0] if isinstance(row[0], list) else json.loads(row[0])[0])
    scan = next(node for node in _nodes(plans[-1]["Plan"]) if node.get("Relation Name") == "videos")
    found = f"{scan['Node Type']} by {scan.get('Index Name', 'no index')}, {scan['Actual Rows']:.0f} rows read"
    return median([plan["Execution Time"] for plan in plans]), found


def _nodes(node: dict) -> list[dict]:
    return [node, *(inner for child in node.get("Plans", []) for inner in _nodes(child))]
