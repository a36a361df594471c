"""Rows like those of a service in use, made by SQL: 10,000 users, 200,000 videos, no file behind any of them.

The ids, owners and times are those of the peer's `schema.sql`, so that all servers get the same requests. Four
videos of five are READY, of which every fourth is still being encoded; each has a plan of its own.
"""

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql

from bench.servers import JWT_SECRET
from bench.tables import progress
from matinee.common.http.authentication import AccessTokens, Caller
from matinee.common.http.pagination import Cursor, encode_cursor
from matinee.common.keys.environment import SecretTokenKey
from matinee.common.migrations import migrate, migrations_folder
from matinee.embedded.postgres import PostgresEndpoint
from matinee.media.grid import make_grid
from matinee.media.ladder import ladder
from matinee.media.model import AudioRendition, Plan, Rate, Source

USERS, VIDEOS = 10_000, 200_000
_HEAVY_USERS, _IDS, _PLAYABLE = 64, 5_000, 6_000
UPLOADED_HERE = "holiday.mp4"  # the filename that marks what a bench inserts

_MAKE_USERS = """
INSERT INTO users (id, email, password_hash, name, created_at)
SELECT overlay(overlay(md5('u'||g) placing '4' from 13 for 1) placing 'a' from 17 for 1)::uuid,
    'user'||g||'@example.com', 'x', 'User '||g, timestamptz '2026-01-01' + g * interval '1 minute'
FROM generate_series(1, %(users)s) g
"""
# Some users own many more than others: their lists have pages.
_MAKE_VIDEOS = """
INSERT INTO videos (id, owner_id, title, description, visibility, status, filename, filesize, filetype, part_size,
    duration, width, height, plan, has_poster, created_at, updated_at, ready_at)
SELECT id, overlay(overlay(md5('u'||owner) placing '4' from 13 for 1) placing 'a' from 17 for 1)::uuid,
    'Video number '||g, repeat('Lorem ipsum dolor sit amet. ', 1 + g %% 8), 'public',
    CASE WHEN ready THEN 'READY' ELSE 'INITIATED' END, 'film-'||g||'.mp4', 1000000 + g, 'video/mp4', 16777216,
    CASE WHEN ready THEN cells * 4.0 END, CASE WHEN ready THEN 1280 END, CASE WHEN ready THEN 720 END,
    CASE WHEN ready THEN jsonb_set(jsonb_set(%(plan)s::jsonb, '{grid,frames}', to_jsonb(cells * 120)),
        '{source,duration}', jsonb_build_array(cells * 400000 + g, 100000)) END,
    ready, at, at, CASE WHEN ready THEN at END
FROM (
    SELECT g, id, g %% 5 <> 0 AS ready, 15 + g %% 100 AS cells,
        timestamptz '2026-01-01' + g * interval '1 second' AS at,
        CASE WHEN ('x'||substr(md5(id::text||'s'), 1, 4))::bit(16)::int %% 8 = 0
             THEN 1 + (('x'||substr(md5(id::text), 1, 8))::bit(32)::int & 63) ELSE 1 + g %% %(users)s END AS owner
    FROM generate_series(1, %(videos)s) g,
        LATERAL (SELECT overlay(overlay(md5('v'||g) placing '4' from 13 for 1) placing 'a' from 17 for 1)::uuid AS id)
) AS made
"""
_MAKE_RENDITIONS = """
INSERT INTO renditions (video_id, name, kind, recipe, position, cells, stored, bytes, init_hash, keyframe_bytes,
    first_cell_at)
SELECT v.id, r.name, CASE WHEN r.name = 'audio' THEN 'audio' ELSE 'video' END, 'r1',
    r.position - 1, cells, int4multirange(int4range(0, done)), done * 300000,
    sha256('init'), CASE WHEN r.name = 'audio' THEN '{}' ELSE array_fill(20000, ARRAY[cells]) END, v.ready_at
FROM (SELECT id, ready_at, (duration / 4)::int AS cells,
        CASE WHEN substr(id::text, 1, 1) < '4' THEN (duration / 8)::int ELSE (duration / 4)::int END AS done
    FROM videos WHERE status = 'READY') v,
    unnest(%(names)s::text[]) WITH ORDINALITY AS r (name, position)
"""


class Population(NamedTuple):
    """A seeded database and whom to ask as, for what."""

    url: str
    owners: list[str]
    tokens: list[str]
    cursors: list[str]
    ids: list[str]
    playable: list[str]


def populated(postgres: PostgresEndpoint, *, videos: int = VIDEOS) -> Population:
    """The database of that size; made at the first call, kept between runs."""
    url = fresh_database(postgres, f"bench_{videos}", version=f"1 {USERS}", fill=lambda url: _fill(url, videos))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("DELETE FROM videos WHERE filename = %s", (UPLOADED_HERE,))
        db.execute("VACUUM ANALYZE videos, renditions, users")
        return _choose(url, db)


def fresh_database(postgres: PostgresEndpoint, name: str, *, version: str, fill: Callable[[str], None]) -> str:
    """The URL of a migrated and filled database; made anew when the migrations or `version` changed."""
    digest = hashlib.sha256(version.encode())
    for path in sorted(migrations_folder().glob("*.sql")):
        digest.update(path.read_bytes())
    name = f"{name}_{digest.hexdigest()[:8]}"
    url, unfinished = postgres.dsn_of(name), f"{name}_unfinished"
    with psycopg.connect(postgres.dsn_of("postgres"), autocommit=True) as db:
        if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return url
        progress(f"filling the database {name}; it is kept for the next run")
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(unfinished)))
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        migrate(postgres.dsn_of(unfinished))
        fill(postgres.dsn_of(unfinished))
        db.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name)))
    return url


def sample_plan() -> Plan:
    """A minute of 720p with sound, as most uploads are."""
    rate = Rate(30, 1)
    sound = AudioRendition(
        name="audio", codecs="mp4a.40.2", sample_rate=48_000, channels=2, bit_rate=128_000, passthrough=True
    )
    source = Source(
        container="mov", start_time=(0, 1), duration=(60, 1), video_stream=0, audio_stream=1, video_codec="h264",
        audio_codec="aac", width=1280, height=720, video_end=(60, 1),
    )  # fmt: skip
    return Plan(
        version=2, recipe="r1", grid=make_grid(rate, 60), video=ladder(1280, 720, rate), sounds=(sound,),
        source=source, cells_per_chunk=3, reasons=("The sound is AAC already: it is copied.",),
    )  # fmt: skip


def tokens_of(users: Sequence[UUID]) -> list[str]:
    """An access token each."""
    issuer = AccessTokens({"bench": SecretTokenKey(JWT_SECRET)}, lifetime=24 * 3600)
    return [asyncio.run(issuer.issue(Caller(user, "USER", user))) for user in users]


def _fill(url: str, videos: int) -> None:
    plan = sample_plan()
    names = [rendition.name for rendition in plan.renditions]
    params = {"users": USERS, "videos": videos, "plan": msgspec.json.encode(plan).decode(), "names": names}
    with psycopg.connect(url) as db:
        db.execute("SET session_replication_role = replica")  # the rows fit together; looking each up takes minutes
        db.execute("SET synchronous_commit = off")
        for statement in (_MAKE_USERS, _MAKE_VIDEOS, _MAKE_RENDITIONS):
            db.execute(statement, params)


def _choose(url: str, db: psycopg.Connection) -> Population:
    """64 users who own hundreds, a place in the list of each, and 5,000 videos from anywhere."""
    owners = db.execute(
        "SELECT owner_id, count(*) FROM videos GROUP BY 1 HAVING count(*) > 200 ORDER BY 2 DESC LIMIT %s",
        (_HEAVY_USERS,),
    ).fetchall()
    if len(owners) < _HEAVY_USERS:
        owners = db.execute("SELECT owner_id FROM videos GROUP BY 1 ORDER BY count(*) DESC LIMIT 64").fetchall()
    dice = random.Random(1)
    cursors = []
    for owner, *_ in owners:
        place = db.execute(
            "SELECT created_at, id FROM videos WHERE owner_id = %s "
            "ORDER BY created_at DESC, id DESC OFFSET %s LIMIT 1",
            (owner, dice.randint(10, 150)),
        ).fetchone()
        if place:
            cursors.append(encode_cursor(Cursor(*place)))
    ids = db.execute("SELECT id::text FROM videos ORDER BY md5(id::text) LIMIT %s", (_IDS,)).fetchall()
    playable = db.execute(
        "SELECT id::text FROM videos WHERE status = 'READY' ORDER BY md5(id::text) LIMIT %s", (_PLAYABLE,)
    )
    return Population(
        url,
        [str(owner) for owner, *_ in owners],
        tokens_of([owner for owner, *_ in owners]),
        cursors,
        [video for (video,) in ids],
        [video for (video,) in playable.fetchall()],
    )
