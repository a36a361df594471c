"""Every query that finds. Whether a video may be shown is read of the video itself, never of the index."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import Cursor
from matinee.modules.search.rules import quoted

WINDOW = 3000
"""Documents that one request looks at in the order of an index: 3 to 11 ms."""
FEW, FEW_PHRASES = 1500, 500
"""As many are found by their rarest word and sorted; of more, those that come first are looked for in their order.
Phrases are looked for in what is said, too, minute by minute."""

_KNOWN = "SELECT word, documents, listed FROM search_words WHERE word = ANY(%s::text[]) LIMIT 10000"
# OFFSET as in `find_few`.
_STANDING = """
SELECT w.word FROM unnest(%(words)s::text[], %(queries)s::text[]) AS w (word, query) WHERE EXISTS (
    SELECT FROM (SELECT owner_id FROM search_documents WHERE whole @@ w.query::tsquery OFFSET 0) d
    WHERE d.owner_id = %(owner)s)
LIMIT 1000
"""
# The commonest first, where many begin so; or all that do, where few can.
_BEGUN = """
SELECT word, documents, listed FROM search_words
WHERE left(word, 2) = left(%(start)s, 2) AND starts_with(word, %(start)s) AND listed > 0
ORDER BY listed DESC LIMIT %(most)s
"""
_BEGUN_LONGER = """
SELECT word, documents, listed FROM search_words
WHERE word >= %(start)s AND word < %(start)s || chr(1114111) AND listed > 0
ORDER BY listed DESC LIMIT %(most)s
"""
_FEW_BEGIN_SO = 4  # letters
_ALIKE = """
SELECT DISTINCT near.word, near.documents, near.listed FROM unnest(%s::text[]) AS wanted (word)
CROSS JOIN LATERAL (
    SELECT word, documents, listed FROM search_words w WHERE w.word %% wanted.word AND w.listed > 0
    ORDER BY similarity(w.word, wanted.word) DESC LIMIT 50) near
"""
_LISTED = "v.visibility = 'public' AND v.status = 'READY' AND v.deleted_at IS NULL AND u.shut_at IS NULL"
_OWNED = "v.owner_id = %(owner)s AND v.deleted_at IS NULL AND u.shut_at IS NULL"
# Words that follow one another are looked for where places are kept: not in `whole`. OFFSET keeps PostgreSQL from
# reading all passages there are, to have those at hand that are met.
_FOLLOWING = """
    (d.head @@ (SELECT {query}::text::tsquery) OR d.body @@ (SELECT {query}::text::tsquery)
        OR EXISTS (SELECT FROM search_passages p
            WHERE p.video_id = d.video_id AND p.words @@ (SELECT {query}::text::tsquery) OFFSET 0))
"""
# A query is read once, by a SELECT of its own: in a plan that is kept the cast would be made for each row.
# What is not asked for is not in the statement: so its plan is found once, and kept.
_CONDITIONS = {
    "words": "d.whole @@ (SELECT %(words)s::text::tsquery)",
    "owner": "d.owner_id = %(owner)s",
    "language": "d.language = %(language)s",
    "captions": "d.captions @> ARRAY[%(captions)s::text]",
    "phrases": _FOLLOWING.format(query="%(phrases)s"),
    "banned": f"NOT {_FOLLOWING.format(query='%(banned)s')}",
}
# These decide about no plan.
_RANGES = """
    (%(shortest)s::float8 IS NULL OR d.duration >= %(shortest)s)
    AND (%(longest)s::float8 IS NULL OR d.duration <= %(longest)s)
    AND (%(since)s::timestamptz IS NULL OR d.created_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR d.created_at < %(until)s)
"""
_SCORE = "(CASE WHEN d.head @@ (SELECT %(words)s::text::tsquery) THEN 1000000 ELSE 0 END + d.popularity)"


class WordRow(msgspec.Struct, frozen=True):
    """A word with how many documents have it: all, and those that everybody finds."""

    word: str
    documents: int
    listed: int


class _Word(msgspec.Struct, frozen=True):
    word: str


class FoundRow(msgspec.Struct, frozen=True):
    """A video that was found, at its place."""

    video_id: UUID
    score: int
    created_at: datetime
    is_met: bool
    """False of what only the index still shows, and of the last document that was looked at, if that is none."""


class Place(Cursor, frozen=True, array_like=True):
    """A place among what is found."""

    score: Annotated[int, Meta(ge=0, le=2**31 - 1)]


class PassageRow(msgspec.Struct, frozen=True):
    """A minute of what is said in a video."""

    video_id: UUID
    language: str
    lines: str


async def find_words(db: Connection, words: Collection[str]) -> dict[str, WordRow]:
    """Those that are known."""
    return {row.word: row for row in await fetch_all(db, WordRow, _KNOWN, (list(words),))}


async def find_standing(db: Connection, owner_id: UUID, words: Collection[str]) -> set[str]:
    """Those that stand in videos of the account; few documents may have each."""
    params = {"owner": owner_id, "words": list(words), "queries": [quoted(word) for word in words]}
    return {row.word for row in await fetch_all(db, _Word, _STANDING, params)}


async def list_begun(db: Connection, start: str, most: int) -> list[WordRow]:
    """The commonest words of public videos that begin so."""
    statement = _BEGUN if len(start) < _FEW_BEGIN_SO else _BEGUN_LONGER
    return await fetch_all(db, WordRow, statement, {"start": start, "most": most})


async def list_alike(db: Connection, words: Collection[str]) -> list[WordRow]:
    """Words of public videos that have letters in common with one of these, fifty for each."""
    return await fetch_all(db, WordRow, _ALIKE, (list(words),))


async def find_few(
    db: Connection, params: dict[str, object], limit: int, after: Place | None, *, by: str, owned: bool
) -> list[FoundRow]:
    """All that the words find, sorted: where few have the rarest of them.

    Those are looked up by that word alone. To meet the others in the index takes longer than to read so few
    documents: OFFSET keeps PostgreSQL from it.
    """
    score = {"relevance": _SCORE, "views": "d.popularity", "newest": "0"}[by]
    statement = f"""
WITH found AS MATERIALIZED (
    SELECT d.video_id, {score} AS score, d.created_at FROM (
        SELECT * FROM search_documents WHERE whole @@ (SELECT %(rarest)s::text::tsquery) OFFSET 0) d
    WHERE {_met(params)} {"" if owned else "AND d.is_listed"}
), page AS MATERIALIZED (
    SELECT * FROM found
    {"" if after is None else "WHERE (score, created_at, video_id) < (%(score)s, %(created_at)s, %(id)s)"}
    ORDER BY score DESC, created_at DESC, video_id DESC LIMIT %(limit)s
)
SELECT p.video_id, p.score, p.created_at, EXISTS (
    SELECT FROM videos v JOIN users u ON u.id = v.owner_id
    WHERE v.id = p.video_id AND {_OWNED if owned else _LISTED}) AS is_met
FROM page p ORDER BY p.score DESC, p.created_at DESC, p.video_id DESC LIMIT %(limit)s
"""  # noqa: S608
    return await fetch_all(db, FoundRow, statement, _placed(params, limit, after))


async def walk(
    db: Connection, params: dict[str, object], limit: int, after: Place | None, *, by: str, owned: bool
) -> list[FoundRow]:
    """What is found among the next WINDOW documents, the most watched or the newest first; and the last of those."""
    order = "d.created_at DESC, d.video_id DESC"
    place = "(d.created_at, d.video_id) < (%(created_at)s, %(id)s)"
    score = "0"
    if by != "newest":
        order, score = f"d.popularity DESC, {order}", "d.popularity"
        place = "(d.popularity, d.created_at, d.video_id) < (%(score)s, %(created_at)s, %(id)s)"
    whose = "true" if params["owner"] is None else "d.owner_id = %(owner)s"
    among = whose if owned else f"{whose} AND d.is_listed"  # where the walk ends is told: of what is found alone
    # Not materialized: it is read as far as a page needs, and for the last one only the index is.
    statement = f"""
WITH near AS NOT MATERIALIZED (
    SELECT * FROM search_documents d WHERE {among} {"" if after is None else f"AND {place}"}
    ORDER BY {order} LIMIT {WINDOW}
), met AS MATERIALIZED (
    SELECT d.video_id, {score} AS score, d.created_at FROM near d
    JOIN videos v ON v.id = d.video_id JOIN users u ON u.id = v.owner_id
    WHERE {_met(params)} AND {_OWNED if owned else _LISTED} ORDER BY {order} LIMIT %(limit)s
), last AS (
    SELECT d.video_id, {score} AS score, d.created_at FROM near d ORDER BY {order} OFFSET {WINDOW - 1} LIMIT 1)
SELECT video_id, score, created_at, true AS is_met FROM met
UNION ALL SELECT video_id, score, created_at, false FROM last WHERE (SELECT count(*) FROM met) < %(limit)s
"""  # noqa: S608
    return await fetch_all(db, FoundRow, statement, _placed(params, limit, after))


async def list_spoken(db: Connection, video_ids: Collection[UUID], words: str) -> list[PassageRow]:
    """Up to three passages of each video that have one of the words."""
    statement = """
SELECT p.video_id, t.language, p.lines FROM unnest(%(videos)s::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM search_passages s WHERE s.video_id = wanted.id AND s.words @@ (SELECT %(words)s::text::tsquery)
    ORDER BY s.track_id, s.number LIMIT 3) p
JOIN text_tracks t ON t.id = p.track_id
"""
    return await fetch_all(db, PassageRow, statement, {"videos": list(video_ids), "words": words})


def _met(params: dict[str, object]) -> str:
    return " AND ".join([*(text for name, text in _CONDITIONS.items() if params[name] is not None), _RANGES])


def _placed(params: dict[str, object], limit: int, after: Place | None) -> dict[str, object]:
    placed = {**params, "limit": limit}
    if after is not None:
        placed |= {"score": after.score, "created_at": after.created_at, "id": after.id}
    return placed
