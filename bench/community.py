"""A community made by SQL, kept between runs: ten comments and a hundred views a video, channels, playlists, texts.

Ids follow from numbers, so that rows find each other without a look-up. A few are far from the usual, as everywhere:
one comment in a hundred is about the first video, one video in a hundred is the first user's, who follows 1,000
channels (the second one 200); words are as frequent as those of a language.
"""

import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

import msgspec
import psycopg

from bench.seed import fresh_database, sample_plan
from bench.tables import progress
from matinee.embedded.postgres import PostgresEndpoint
from matinee.modules.search.rules import Line, vector_of, write_lines
from matinee.modules.views.repository import partition_of

USERS, _DAYS = 10_000, 30
_VOCABULARY, _TAGS = 50_000, 2_000
_CAPTIONED = 100  # one video in so many
_CONSONANTS, _VOWELS = "bdfghjklmnprstvw", "aeiou"
_PROCESSES = 2

_FUNCTIONS = """
CREATE FUNCTION id_of(kind text, n bigint) RETURNS uuid IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN md5(kind || n)::uuid;
CREATE FUNCTION user_of(n bigint) RETURNS uuid IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN md5('u' || CASE WHEN n % 100 = 0 THEN 1 ELSE 1 + n % 10000 END)::uuid;
CREATE FUNCTION video_of(n bigint, videos bigint) RETURNS uuid IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN md5('v' || CASE WHEN n % 100 = 0 THEN 1 ELSE 1 + n * 7919 % videos END)::uuid;
CREATE FUNCTION views_of(n bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN 10000000 / (1 + n * 7919 % 1000003);
CREATE UNLOGGED TABLE texts (n bigint, title text, description text, tags text[], head tsvector, body tsvector);
CREATE UNLOGGED TABLE said (n bigint, number integer, lines text, words tsvector);
"""
_USERS = """
INSERT INTO users (id, email, password_hash, name, handle)
SELECT id_of('u', g), 'user'||g||'@example.com', 'x', 'User '||g, 'user'||g FROM generate_series(1, %(users)s) g
"""
_HANDLES = """
INSERT INTO handles (handle, account_id) SELECT 'user'||g, id_of('u', g) FROM generate_series(1, %(users)s) g
"""
_VIDEOS = """
INSERT INTO videos (id, owner_id, title, description, tags, language, visibility, status, filename, filesize,
    filetype, part_size, duration, width, height, plan, has_poster, created_at, ready_at, published_at)
SELECT id_of('v', n), user_of(n), title, description, tags, 'en', 'public', 'READY', 'film.mp4', 1000000, 'video/mp4',
    16777216, 60.0, 1280, 720, %(plan)s::jsonb, true, at, at, at
FROM texts, LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 second' AS at) t
"""
_TRACKS = """
INSERT INTO text_tracks (id, video_id, kind, language, name, is_default, is_forced, format, encoding, cues)
SELECT id_of('t', n), id_of('v', n), 'captions', 'en', 'English', true, false, 'webvtt', 'utf-8', 100
FROM said WHERE number = 1
"""
_PASSAGES = """
INSERT INTO search_passages (video_id, track_id, number, lines, words)
SELECT id_of('v', n), id_of('t', n), number, lines, words FROM said
"""
_DOCUMENTS = """
INSERT INTO search_documents (video_id, owner_id, is_listed, popularity, created_at, duration, language, captions,
    head, body, whole)
SELECT id_of('v', n), user_of(n), true, floor(8 * log(2.0, 1 + views_of(n))),
    timestamptz '2026-01-01' + n * interval '1 second', 60.0, 'en',
    CASE WHEN s.words IS NULL THEN '{}' ELSE '{en}'::text[] END, head, body,
    strip(head || body || coalesce(array_to_tsvector(s.words), ''))
FROM texts LEFT JOIN (
    SELECT n, array_agg(DISTINCT word) AS words FROM said, unnest(tsvector_to_array(words)) AS word GROUP BY n
) s USING (n)
"""
_WORDS = """
INSERT INTO search_words (word, documents, listed)
SELECT word, count(*), count(*) FROM search_documents, unnest(tsvector_to_array(whole)) AS word GROUP BY word
"""
_THREADS = """
INSERT INTO comments (id, video_id, author_id, state, text, replies, likes, created_at)
SELECT id_of('c', g), video_of(g, %(videos)s), id_of('u', 1 + g * 31 %% %(users)s),
    CASE WHEN g %% 300 IN (7, 200) THEN 'held' ELSE 'shown' END,
    repeat('Lorem ipsum dolor sit amet. ', 1 + (g %% 5)::int), 1, g * 17 %% 50,
    timestamptz '2026-01-01' + g * interval '1 second'
FROM generate_series(1, %(threads)s) g
"""
_REPLIES = """
INSERT INTO comments (id, video_id, author_id, root_id, parent_id, state, text, created_at)
SELECT id_of('r', g), video_of(top, %(videos)s), id_of('u', 1 + g * 37 %% %(users)s),
    id_of('c', top), id_of('c', top), 'shown', 'Lorem ipsum dolor sit amet.',
    timestamptz '2026-06-01' + g * interval '1 second'
FROM (SELECT g, CASE WHEN g %% 50 = 0 THEN 100 ELSE 1 + g * 31 %% %(threads)s END AS top
    FROM generate_series(1, %(replies)s) g) answers
"""
_COUNTS = """
INSERT INTO video_counts (video_id, comments, likes, views)
SELECT id_of('v', g), 10, g %% 100, views_of(g) FROM generate_series(1, %(videos)s) g
"""
_CHANGES = "INSERT INTO count_changes (video_id, views) SELECT id_of('v', 1), 1 FROM generate_series(1, 1000)"
_HISTORY = """
INSERT INTO watch_history (user_id, video_id, position, watched_at)
SELECT id_of('u', 1 + g %% 100), id_of('v', g), 30, timestamptz '2026-01-01' + g * interval '1 second'
FROM generate_series(1, %(videos)s) g
"""
_CHANNEL_COUNTS = """
INSERT INTO channel_counts (channel_id, subscribers, videos)
SELECT owner_id, 100, count(*) FROM videos GROUP BY owner_id
"""
_SUBSCRIPTIONS = """
INSERT INTO subscriptions (subscriber_id, channel_id, created_at, seen_at)
SELECT id_of('u', s), id_of('u', 1 + (s + c * 3) %% %(users)s), at, at
FROM generate_series(1, %(users)s) s,
    LATERAL generate_series(1, CASE s WHEN 1 THEN 1000 WHEN 2 THEN 200 ELSE 20 END) c,
    LATERAL (SELECT timestamptz '2026-01-01' + c * interval '1 minute' AS at) t
"""
# Five each and, the first user's first one, as long as one may be.
_PLAYLISTS = """
INSERT INTO playlists (id, owner_id, title, visibility, items, updated_at)
SELECT id_of('p', g), id_of('u', 1 + g %% %(users)s), 'Playlist '||g, 'public',
    CASE g WHEN %(users)s THEN 5000 ELSE 20 END, timestamptz '2026-01-01' + g * interval '1 second'
FROM generate_series(1, 5 * %(users)s) g
"""
_ITEMS = """
INSERT INTO playlist_items (playlist_id, video_id, place)
SELECT id_of('p', g), id_of('v', 1 + (g * 7919 + i * 31) %% %(videos)s), i * 1000
FROM generate_series(1, 5 * %(users)s) g,
    LATERAL generate_series(1, CASE g WHEN %(users)s THEN 5000 ELSE 20 END) i
"""
# By hand: a table that is filled first, indexed then and attached last takes a third of the time.
_VIEWS = """
BEGIN;
CREATE TABLE {name} (LIKE view_events);
INSERT INTO {name} SELECT date '{day}', video_of(g, {videos}), uuid_send(gen_random_uuid())
    FROM generate_series({first}::bigint, {last}::bigint) g;
ALTER TABLE {name} ADD PRIMARY KEY (day, video_id, viewer);
ALTER TABLE view_events ATTACH PARTITION {name} FOR VALUES FROM ('{day}') TO ('{next}');
COMMIT
"""


class Shelf(NamedTuple):
    """A table that is filled by some statements, its indexes made at the end."""

    table: str
    statements: tuple[str, ...]


# Each row of them may be filled side by side; a row reads what the former one has made.
_SHELVES = (
    (Shelf("videos", (_VIDEOS,)), Shelf("search_passages", (_PASSAGES,))),
    (Shelf("search_documents", (_DOCUMENTS,)), Shelf("comments", (_THREADS, _REPLIES))),
    (
        Shelf("search_words", (_WORDS,)), Shelf("video_counts", (_COUNTS,)), Shelf("count_changes", (_CHANGES,)),
        Shelf("watch_history", (_HISTORY,)), Shelf("channel_counts", (_CHANNEL_COUNTS,)),
        Shelf("subscriptions", (_SUBSCRIPTIONS,)), Shelf("playlists", (_PLAYLISTS,)),
        Shelf("playlist_items", (_ITEMS,)), Shelf("handles", (_HANDLES,)), Shelf("text_tracks", (_TRACKS,)),
    ),
)  # fmt: skip


def filled(postgres: PostgresEndpoint, videos: int) -> str:
    """The URL of the database; made at the first call, kept between runs."""
    return fresh_database(postgres, f"bench_community_{videos}", version="1", fill=lambda url: _fill(url, videos))


def word(rank: int) -> str:
    """The word of that frequency: 0 is the commonest of all."""
    syllables = len(_CONSONANTS) * len(_VOWELS)
    number, made = rank * 7919 % _VOCABULARY + syllables, ""
    while number:
        number, syllable = divmod(number, syllables)
        made += _CONSONANTS[syllable // len(_VOWELS)] + _VOWELS[syllable % len(_VOWELS)]
    return made


def some_words(dice: random.Random, count: int, of: int = _VOCABULARY) -> list[str]:
    """As a text has them: the word of rank n is n times rarer than the commonest (Zipf)."""
    return [word(int(math.exp(dice.random() * math.log(of))) - 1) for _ in range(count)]


def _fill(url: str, videos: int) -> None:
    values = {
        "plan": msgspec.json.encode(sample_plan()).decode(),
        "users": USERS,
        "videos": videos,
        "threads": videos * 6,
        "replies": videos * 4,
    }
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(_FUNCTIONS)
        _execute(url, Shelf("users", (_USERS,)), values)
        progress("its words")
        _write_texts(url, videos)
        for row in _SHELVES:
            progress(", ".join(shelf.table for shelf in row))
            _side_by_side([partial(_execute, url, shelf, values) for shelf in row])
        progress(f"{videos * 100:,} views")
        _side_by_side([partial(_write_views, url, videos, day) for day in range(_DAYS)])
        db.execute("DROP TABLE texts, said")
        progress("analysing")
        db.execute("VACUUM ANALYZE")


def _side_by_side(tasks: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(_PROCESSES) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def _execute(url: str, shelf: Shelf, values: dict[str, object]) -> None:
    with psycopg.connect(url, options="-c maintenance_work_mem=1GB -c work_mem=256MB") as db:
        db.execute("SET session_replication_role = replica")  # the rows fit together
        indexes = db.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND NOT EXISTS "
            "(SELECT FROM pg_constraint WHERE conname = indexname)",
            (shelf.table,),
        ).fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        for statement in shelf.statements:
            db.execute(statement, values)
        for _, made in indexes:
            db.execute(made)


def _write_views(url: str, videos: int, number: int) -> None:
    day, each = date.today() - timedelta(days=number), videos * 100 // _DAYS
    bounds = {"first": number * each, "last": (number + 1) * each - 1}
    with psycopg.connect(url, autocommit=True, options="-c maintenance_work_mem=1GB") as db:
        db.execute(
            _VIEWS.format(name=partition_of(day), day=day, next=day + timedelta(days=1), videos=videos, **bounds)
        )


def _write_texts(url: str, videos: int) -> None:
    """Folded by the rules of the index themselves."""
    words = [word(rank) for rank in range(_VOCABULARY)]
    with psycopg.connect(url) as db:
        found = db.execute("SELECT word, ts_lexize('english_stem', word) FROM unnest(%s::text[]) word", (words,))
        stems = {one: stemmed for one, stemmed in found.fetchall() if stemmed}
    with ProcessPoolExecutor(_PROCESSES) as pool:
        for done in [pool.submit(_copy_texts, url, videos, part, stems) for part in range(_PROCESSES)]:
            done.result()


def _copy_texts(url: str, videos: int, part: int, stems: dict[str, list[str]]) -> None:
    dice = random.Random(part)

    def stems_of(one: str) -> list[str]:
        return stems.get(one, [])

    with psycopg.connect(url) as texts, psycopg.connect(url) as said:
        into = "COPY texts (n, title, description, tags, head, body) FROM STDIN"
        with (
            texts.cursor().copy(into) as told,
            said.cursor().copy("COPY said (n, number, lines, words) FROM STDIN") as spoken,
        ):
            for n in range(1 + part, videos + 1, _PROCESSES):
                title, description = " ".join(some_words(dice, 6)), " ".join(some_words(dice, 30))
                tags = some_words(dice, 3, _TAGS)
                head = vector_of([title, *tags], stems_of, tags)
                told.write_row((n, title, description, tags, head, vector_of([description], stems_of)))
                if n % _CAPTIONED == 1:
                    for number, passage in enumerate(_speech(dice), 1):
                        vector = vector_of([line.text for line in passage], stems_of)
                        spoken.write_row((n, number, write_lines(passage), vector))


def _speech(dice: random.Random) -> Iterator[list[Line]]:
    """Ten minutes of it, in passages of one."""
    for minute in range(10):
        yield [Line(minute * 60_000 + ten * 6000, " ".join(some_words(dice, 10))) for ten in range(10)]
