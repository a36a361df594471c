"""What people say, watch and look for stays flat: pages one at a time, and their writing, in a large community.

`--videos` says how large: ten comments and a hundred views a video.
"""

import json
import random
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import psycopg

from bench.community import filled, some_words
from bench.load import Lane, Load, Shots, compare
from bench.seed import tokens_of
from bench.servers import Server, Site
from bench.tables import Row, Target, median, report
from matinee.common.http.pagination import Cursor, encode_cursor
from matinee.modules.channels.repository import WatchedPlace
from matinee.modules.comments import repository as comments
from matinee.modules.comments.repository import RankedCursor
from matinee.modules.playlists.repository import PlaceCursor
from matinee.modules.search.repository import Place
from matinee.modules.subscriptions import repository as subscriptions

_PATHS = 2_000
_WARM_UP = 6.0  # seconds: the pages that are looked for are in memory then
_PAGE_MS = Target("≤", 20.0)
_HOT = "md5('v1')::uuid"
_THREADS = f"FROM comments WHERE video_id = {_HOT} AND root_id IS NULL AND state = 'shown'"


class Case(NamedTuple):
    """Requests of one kind, and the statement behind them where its plan is told: of which table, by which index."""

    figure: str
    shots: Shots
    table: str = ""
    statement: str = ""
    params: dict[str, object] | None = None


def run(site: Site, *, seconds: float, rounds: int, videos: int = 100_000) -> None:
    """Prints the table."""
    url = filled(site.postgres, videos)
    rows, notes = [], []
    with psycopg.connect(url, autocommit=True) as db, site.api(url, "matinee-social") as server:
        db.execute("SELECT count(body) FROM search_documents")  # in memory, as on a server that is in use
        floor = Shots("GET", [f"/api/v1/videos/{video}" for video in _some(db, "videos")])
        for case in [*_comments(db), *_channels(db), *_search(db)]:
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
    title = f"{videos:,} videos, {videos * 10:,} comments, {videos * 100:,} views; reads one at a time"
    report("social", title, rows, notes, site.folder)


def _load(
    server: Server, shots: list[Shots], site: Site, seconds: float, rounds: int, label: str, connections: int
) -> list[Load]:
    lanes = [Lane(server, each, _WARM_UP) for each in shots]
    return compare(lanes, site.folder, seconds=seconds / 2, rounds=rounds, label=label, connections=connections)


def _comments(db: psycopg.Connection) -> list[Case]:
    hot = _value(db, f"SELECT {_HOT}")
    busy = _value(db, "SELECT md5('c100')::uuid")
    owner = _value(db, "SELECT owner_id FROM videos WHERE id = %s", hot)
    reader = _value(db, "SELECT md5('u1')::uuid")
    path = f"/api/v1/videos/{hot}/comments"
    place = Cursor(*_middle(db, "created_at, id", _THREADS, "created_at DESC, id DESC"))
    best = RankedCursor(*_middle(db, "created_at, id, score", _THREADS, "score DESC, created_at DESC, id DESC"))
    params = {"video": hot, "caller": None, "created_at": place.created_at, "id": place.id}
    lists = [f"/api/v1/videos/{video}/comments" for video in _some(db, "videos")]
    return [
        Case("comments of any video", Shots("GET", lists)),
        Case(
            "comments of one with 60,000 per million, page in the middle",
            Shots("GET", [f"{path}?cursor={encode_cursor(place)}"]),
            "comments", f"{comments._LIST} {comments._BEFORE} {comments._NEWEST} LIMIT 21", params,
        ),
        Case(
            "  the best, page in the middle", Shots("GET", [f"{path}?sort=top&cursor={encode_cursor(best)}"]),
            "comments", f"{comments._RANKED} {comments._WORSE} {comments._BEST} LIMIT 21",
            {**params, "created_at": best.created_at, "id": best.id, "score": best.score},
        ),
        Case(
            "  replies of a busy thread", Shots("GET", [f"{path}/{busy}/replies"]),
            "comments", f"{comments._REPLIES} {comments._OLDEST} LIMIT 21", {**params, "root": busy},
        ),
        Case(
            "  waiting for its owner", Shots("GET", [f"{path}/review"], tokens_of([owner])),
            "comments", f"{comments._REVIEWED} {comments._HELD} {comments._NEWEST} LIMIT 21", params,
        ),
        Case(
            "what an account has said", Shots("GET", ["/api/v1/user/comments"], tokens_of([reader])),
            "comments", f"{comments._LIST_OWN} {comments._NEWEST} LIMIT 21", {"author": reader},
        ),
        Case("counts, 1,000 changes not folded yet", Shots("GET", [f"/api/v1/videos/{hot}/counts"])),
        Case("history of an account", Shots("GET", ["/api/v1/user/history"], tokens_of([reader]))),
    ]  # fmt: skip


def _channels(db: psycopg.Connection) -> list[Case]:
    fan, friend = (_value(db, f"SELECT md5('u{number}')::uuid") for number in (1, 2))
    everywhere = Cursor(*_middle(db, "created_at, id", "FROM videos", "created_at DESC, id DESC"))
    inside = Cursor(
        *_middle(db, "published_at, id", "FROM videos WHERE owner_id = %s", "published_at DESC, id DESC", fan)
    )
    watched = WatchedPlace(
        *_middle(db, "created_at, video_id, popularity", "FROM search_documents WHERE owner_id = %s",
            "popularity DESC, created_at DESC, video_id DESC", fan)
    )  # fmt: skip
    long = _value(db, "SELECT id FROM playlists ORDER BY items DESC, id LIMIT 1")
    item = _middle(db, "added_at, id, place", "FROM playlist_items WHERE playlist_id = %s", "place", long)
    feed, users = "/api/v1/user/subscriptions/feed", _some(db, "users")
    wanted = {"user": fan, "limit": 21}
    return [
        Case(
            "public videos, page in the middle",
            Shots("GET", [f"/api/v1/videos?cursor={encode_cursor(everywhere)}"]),
        ),
        Case("any channel", Shots("GET", [f"/api/v1/channels/{user}" for user in users])),
        Case(
            "videos of one with 1 % of all, page in the middle",
            Shots("GET", [f"/api/v1/channels/{fan}/videos?cursor={encode_cursor(inside)}"]),
        ),
        Case(
            "  the most watched, page in the middle",
            Shots("GET", [f"/api/v1/channels/{fan}/videos?sort=views&cursor={encode_cursor(watched)}"]),
        ),
        Case("feed of 20 channels", Shots("GET", [feed], tokens_of(users))),
        Case("  of 200", Shots("GET", [feed], tokens_of([friend]))),
        Case("  of 1,000, the most there may be", Shots("GET", [feed], tokens_of([fan])),
            "videos", subscriptions.FEED, wanted),
        Case("  its page in the middle",
            Shots("GET", [f"{feed}?cursor={encode_cursor(everywhere)}"], tokens_of([fan])),
            "videos", subscriptions.FEED_AFTER, {**wanted, "created_at": everywhere.created_at, "id": everywhere.id}),
        Case("subscriptions with what is new", Shots("GET", ["/api/v1/user/subscriptions"], tokens_of([fan]))),
        Case("playlists of any channel", Shots("GET", [f"/api/v1/users/{user}/playlists" for user in users])),
        Case(
            "a playlist of 5,000, page in the middle",
            Shots("GET", [f"/api/v1/playlists/{long}/items?cursor={encode_cursor(PlaceCursor(*item, False))}"]),
        ),
    ]  # fmt: skip


def _search(db: psycopg.Connection) -> list[Case]:
    dice = random.Random(1)
    most = _middle(db, "created_at, video_id, popularity", "FROM search_documents",
        "popularity DESC, created_at DESC, video_id DESC")  # fmt: skip
    common = [some_words(dice, 1, 100)[0] for _ in range(400)]
    several = [some_words(dice, 3) for _ in range(400)]
    titles = [title.split() for (title,) in db.execute("SELECT title FROM videos ORDER BY id LIMIT 400").fetchall()]
    started = [words[2][:length] for words in several for length in (2, 4)]
    return [
        _searching("search for a common word", [{"q": word} for word in common]),
        _searching("  the newest", [{"q": word, "sort": "newest"} for word in common]),
        _searching("  a page in the middle", [{"q": word, "cursor": encode_cursor(Place(*most))} for word in common]),
        _searching("  with captions, for a common word", [{"q": word, "captions": "en"} for word in common]),
        _searching("  for any word", [{"q": words[2]} for words in several]),
        _searching("  for three words", [{"q": " ".join(words)} for words in several]),
        _searching("  for a title", [{"q": " ".join(words)} for words in titles]),
        _searching("  for words that follow one another", [{"q": f'"{words[1]} {words[2]}"'} for words in titles]),
        _searching("  for a word with a slip", [{"q": _slipped(words[0], dice)} for words in titles]),
        _searching("  for a tag", [{"tag": word, "sort": "newest"} for word in common]),
        Case("suggestions", Shots("GET", [f"/api/v1/search/suggestions?q={start}" for start in started])),
    ]  # fmt: skip


def _searching(figure: str, queries: Sequence[dict[str, str]]) -> Case:
    return Case(figure, Shots("GET", [f"/api/v1/search?{urlencode(query)}" for query in queries]))


def _slipped(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _writes(db: psycopg.Connection) -> list[Case]:
    hot = _value(db, f"SELECT {_HOT}")
    tokens = tokens_of(_some(db, "users"))
    video = f"/api/v1/videos/{hot}"
    say, like = json.dumps({"text": "A comment of middling length. " * 3}), json.dumps({"kind": "like"})
    return [
        Case("comments on one video", Shots("POST", [f"{video}/comments"] * len(tokens), tokens, say)),
        Case("likes of one video", Shots("PUT", [f"{video}/reaction"] * len(tokens), tokens, like)),
        Case("views of one video", Shots("POST", [f"{video}/views"] * len(tokens), tokens, '{"seconds": 10}')),
    ]


def _some(db: psycopg.Connection, table: str) -> list[UUID]:
    rows = db.execute(f"SELECT id FROM {table} ORDER BY id LIMIT {_PATHS}").fetchall()
    return [row[0] for row in rows]


def _value(db: psycopg.Connection, statement: str, *params: object) -> UUID:
    row = db.execute(statement, params).fetchone()
    assert row is not None
    return row[0]


def _middle(db: psycopg.Connection, columns: str, source: str, order: str, *params: object) -> tuple:
    half = f"(SELECT count(*) / 2 {source})"
    row = db.execute(f"SELECT {columns} {source} ORDER BY {order} OFFSET {half} LIMIT 1", params * 2).fetchone()
    assert row is not None
    return row


def _explain(db: psycopg.Connection, case: Case) -> tuple[float, str]:
    """Milliseconds that PostgreSQL takes, and how it finds the rows."""
    plans = []
    for _ in range(15):
        row = db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {case.statement}", case.params).fetchone()
        assert row is not None
        plans.append(row[0][0])
    scan = next(node for node in _nodes(plans[-1]["Plan"]) if node.get("Relation Name") == case.table)
    read = scan["Actual Rows"] * scan["Actual Loops"]
    found = f"{scan['Node Type']} by {scan.get('Index Name', 'no index')}, {read:.0f} rows read"
    return median([plan["Execution Time"] for plan in plans]), found


def _nodes(node: dict) -> list[dict]:
    return [node, *(inner for child in node.get("Plans", []) for inner in _nodes(child))]
