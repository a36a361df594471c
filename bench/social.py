"""What people say and watch stays flat: pages of comments, counts and histories, and their writing, in large tables.

Made by SQL: ten comments a video, of which one in a hundred is about one video, and as many views. `--videos` says
how many.
"""

import json
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg

from bench.load import Lane, Load, Shots, compare
from bench.seed import fresh_database, sample_plan
from bench.servers import JWT_SECRET, Server, Site
from bench.tables import Row, Target, median, report
from matinee.common.http.authentication import AccessTokens, Caller
from matinee.common.http.pagination import Cursor, encode_cursor
from matinee.embedded.postgres import PostgresEndpoint
from matinee.modules.comments import repository as comments
from matinee.modules.comments.repository import RankedCursor

_USERS, _DAYS, _PATHS = 10_000, 30, 2_000
_PAGE_MS = Target("≤", 20.0)

# Ids follow from numbers, so that rows find each other without a look-up; all talk about the first video.
_FUNCTIONS = """
CREATE FUNCTION pg_temp.id_of(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN md5(kind || n)::uuid;
CREATE FUNCTION pg_temp.video_of(n bigint, videos bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN md5('v' || CASE WHEN n % 100 = 0 THEN 1 ELSE 1 + n * 7919 % videos END)::uuid
"""
_FILL = (
    """
INSERT INTO users (id, email, password_hash, name)
SELECT pg_temp.id_of('u', g), 'user'||g||'@example.com', 'x', 'User '||g FROM generate_series(1, %(users)s) g
""",
    """
INSERT INTO videos (id, owner_id, title, visibility, status, filename, filesize, filetype, part_size, duration,
    width, height, plan, created_at, ready_at)
SELECT pg_temp.id_of('v', g), pg_temp.id_of('u', 1 + g %% %(users)s), 'Video number '||g, 'public', 'READY',
    'film.mp4', 1000000, 'video/mp4', 16777216, 60.0, 1280, 720, %(plan)s::jsonb,
    timestamptz '2026-01-01' + g * interval '1 second', now()
FROM generate_series(1, %(videos)s) g
""",
    """
INSERT INTO comments (id, video_id, author_id, state, text, replies, likes, created_at)
SELECT pg_temp.id_of('c', g), pg_temp.video_of(g, %(videos)s), pg_temp.id_of('u', 1 + g * 31 %% %(users)s),
    CASE WHEN g %% 300 IN (7, 200) THEN 'held' ELSE 'shown' END,
    repeat('Lorem ipsum dolor sit amet. ', 1 + (g %% 5)::int), 1, g * 17 %% 50,
    timestamptz '2026-01-01' + g * interval '1 second'
FROM generate_series(1, %(threads)s) g
""",
    """
INSERT INTO comments (id, video_id, author_id, root_id, parent_id, state, text, created_at)
SELECT pg_temp.id_of('r', g), pg_temp.video_of(top, %(videos)s), pg_temp.id_of('u', 1 + g * 37 %% %(users)s),
    pg_temp.id_of('c', top), pg_temp.id_of('c', top), 'shown', 'Lorem ipsum dolor sit amet.',
    timestamptz '2026-06-01' + g * interval '1 second'
FROM (SELECT g, CASE WHEN g %% 50 = 0 THEN 100 ELSE 1 + g * 31 %% %(threads)s END AS top
    FROM generate_series(1, %(replies)s) g) answers
""",
    """
INSERT INTO video_counts (video_id, comments, likes, views)
SELECT pg_temp.id_of('v', g), 10, g %% 100, g %% 1000 FROM generate_series(1, %(videos)s) g
""",
    "INSERT INTO count_changes (video_id, views) SELECT pg_temp.id_of('v', 1), 1 FROM generate_series(1, 1000)",
    """
INSERT INTO watch_history (user_id, video_id, position, watched_at)
SELECT pg_temp.id_of('u', 1 + g %% 100), pg_temp.id_of('v', g), 30, timestamptz '2026-01-01' + g * interval '1 second'
FROM generate_series(1, %(videos)s) g
""",
    """
INSERT INTO view_events (day, video_id, viewer)
SELECT current_date - (g %% %(days)s)::int, pg_temp.video_of(g, %(videos)s), uuid_send(pg_temp.id_of('w', g))
FROM generate_series(1, %(views)s) g
""",
)
_PARTITION = """
CREATE TABLE IF NOT EXISTS {name} PARTITION OF view_events FOR VALUES FROM ('{day}') TO ('{day}'::date + 1)
"""


class Case(NamedTuple):
    """Requests of one kind, and the statement behind them where its plan is told."""

    figure: str
    shots: Shots
    statement: str = ""
    params: dict[str, object] | None = None


def run(site: Site, *, seconds: float, rounds: int, videos: int = 100_000) -> None:
    """Prints the table."""
    url = _filled(site.postgres, videos)
    rows, notes = [], []
    with psycopg.connect(url, autocommit=True) as db, site.api(url, "matinee-social") as server:
        floor = Shots("GET", [f"/api/v1/videos/{video}" for video in _some(db, "videos", "id")])
        for case in _reads(db):
            lone, bare = _load(server, [case.shots, floor], site, seconds, rounds, case.figure, 1)
            rows.append(Row(f"{case.figure}, p50", lone.p50, "ms", "GET videos/{id}", bare.p50))
            rows.append(Row("  p99", lone.p99, "ms", target=_PAGE_MS))
            if case.statement:
                taken, scan = _explain(db, case)
                rows.append(Row("  in PostgreSQL", taken, "ms"))
                notes.append(f"{case.figure}: {scan}")
        for case in _writes(db):
            many, bare = _load(server, [case.shots, floor], site, seconds, rounds, case.figure, 32)
            rows.append(Row(f"{case.figure}, 32 at once", many.rate, "/s", "GET videos/{id}", bare.rate))
            rows.append(Row("  p99", many.p99, "ms"))
    title = f"{videos:,} videos, {videos * 10:,} comments and as many views; reads one at a time"
    report("social", title, rows, notes, site.folder)


def _load(
    server: Server, shots: list[Shots], site: Site, seconds: float, rounds: int, label: str, connections: int
) -> list[Load]:
    lanes = [Lane(server, each) for each in shots]
    return compare(lanes, site.folder, seconds=seconds / 2, rounds=rounds, label=label, connections=connections)


def _filled(postgres: PostgresEndpoint, videos: int) -> str:
    def fill(url: str) -> None:
        plan = msgspec.json.encode(sample_plan()).decode()
        values = {
            "plan": plan,
            "users": _USERS,
            "videos": videos,
            "threads": videos * 6,
            "replies": videos * 4,
            "days": _DAYS,
        }
        with psycopg.connect(url, options="-c maintenance_work_mem=512MB") as db:
            db.execute("SET session_replication_role = replica")  # the rows fit together
            for statement in _FUNCTIONS.split(";"):
                db.execute(statement)
            for row in db.execute("SELECT current_date - g AS day FROM generate_series(0, 29) g").fetchall():
                db.execute(_PARTITION.format(name=f"view_events_{row[0]:%Y%m%d}", day=row[0]))
            listed = db.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'comments'").fetchall()
            indexes = [(name, made) for name, made in listed if name != "comments_pkey"]
            for name, _ in indexes:
                db.execute(f"DROP INDEX {name}")
            for statement in _FILL:
                db.execute(statement, {**values, "views": videos * 10})
            for _, made in indexes:
                db.execute(made)
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("VACUUM ANALYZE")

    return fresh_database(postgres, f"bench_social_{videos}", version="3", fill=fill)


def _reads(db: psycopg.Connection) -> list[Case]:
    hot = _value(db, "SELECT md5('v1')::uuid")
    busy = _value(db, "SELECT md5('c100')::uuid")
    owner = _value(db, "SELECT owner_id FROM videos WHERE id = %s", hot)
    reader = _value(db, "SELECT md5('u1')::uuid")
    path = f"/api/v1/videos/{hot}/comments"
    place = Cursor(*_middle(db, "created_at, id", "created_at DESC, id DESC", hot))
    best = RankedCursor(*_middle(db, "created_at, id, score", "score DESC, created_at DESC, id DESC", hot))
    params = {"video": hot, "caller": None, "created_at": place.created_at, "id": place.id}
    lists = [f"/api/v1/videos/{video}/comments" for video in _some(db, "videos", "id")]
    return [
        Case("comments of any video", Shots("GET", lists)),
        Case(
            "comments of one with 60,000 per million, page in the middle",
            Shots("GET", [f"{path}?cursor={encode_cursor(place)}"]),
            f"{comments._LIST} {comments._BEFORE} {comments._NEWEST} LIMIT 21", params,
        ),
        Case(
            "  the best, page in the middle", Shots("GET", [f"{path}?sort=top&cursor={encode_cursor(best)}"]),
            f"{comments._RANKED} {comments._WORSE} {comments._BEST} LIMIT 21",
            {**params, "created_at": best.created_at, "id": best.id, "score": best.score},
        ),
        Case(
            "  replies of a busy thread", Shots("GET", [f"{path}/{busy}/replies"]),
            f"{comments._REPLIES} {comments._OLDEST} LIMIT 21", {**params, "root": busy},
        ),
        Case(
            "  waiting for its owner", Shots("GET", [f"{path}/review"], [_token(owner)]),
            f"{comments._REVIEWED} {comments._HELD} {comments._NEWEST} LIMIT 21", params,
        ),
        Case("counts, 1,000 changes not folded yet", Shots("GET", [f"/api/v1/videos/{hot}/counts"])),
        Case("history of an account", Shots("GET", ["/api/v1/user/history"], [_token(reader)])),
    ]  # fmt: skip


def _writes(db: psycopg.Connection) -> list[Case]:
    hot = _value(db, "SELECT md5('v1')::uuid")
    tokens = [_token(user) for user in _some(db, "users", "id")]
    video = f"/api/v1/videos/{hot}"
    say, like = json.dumps({"text": "A comment of middling length. " * 3}), json.dumps({"kind": "like"})
    return [
        Case("comments on one video", Shots("POST", [f"{video}/comments"] * len(tokens), tokens, say)),
        Case("likes of one video", Shots("PUT", [f"{video}/reaction"] * len(tokens), tokens, like)),
        Case("views of one video", Shots("POST", [f"{video}/views"] * len(tokens), tokens, '{"seconds": 10}')),
    ]


def _token(user: UUID) -> str:
    return AccessTokens({"bench": JWT_SECRET}, lifetime=24 * 3600).issue(Caller(user, "USER", user))


def _some(db: psycopg.Connection, table: str, column: str) -> list[UUID]:
    rows = db.execute(f"SELECT {column} FROM {table} ORDER BY {column} LIMIT {_PATHS}").fetchall()
    return [row[0] for row in rows]


def _value(db: psycopg.Connection, statement: str, *params: object) -> UUID:
    row = db.execute(statement, params).fetchone()
    assert row is not None
    return row[0]


def _middle(db: psycopg.Connection, columns: str, order: str, video: UUID) -> tuple:
    where = "video_id = %(video)s AND root_id IS NULL AND state = 'shown'"
    half = "(SELECT count(*) / 2 FROM comments WHERE video_id = %(video)s AND root_id IS NULL AND state = 'shown')"
    row = db.execute(
        f"SELECT {columns} FROM comments WHERE {where} ORDER BY {order} OFFSET {half} LIMIT 1", {"video": video}
    ).fetchone()
    assert row is not None
    return row


def _explain(db: psycopg.Connection, case: Case) -> tuple[float, str]:
    """Milliseconds that PostgreSQL takes, and how it finds the comments."""
    plans = []
    for _ in range(15):
        row = db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {case.statement}", case.params).fetchone()
        assert row is not None
        plans.append(row[0][0])
    scan = next(node for node in _nodes(plans[-1]["Plan"]) if node.get("Relation Name") == "comments")
    found = f"{scan['Node Type']} by {scan.get('Index Name', 'no index')}, {scan['Actual Rows']:.0f} rows read"
    return median([plan["Execution Time"] for plan in plans]), found


def _nodes(node: dict) -> list[dict]:
    return [node, *(inner for child in node.get("Plans", []) for inner in _nodes(child))]
