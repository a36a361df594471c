"""Every query about what is indexed: changes, documents, passages and words."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value

MOST_TRACKS = 4
"""Of a video; those of further languages are not searched."""
_LOCK = 0x6D_73_65_61_72_63_68  # "msearch"

_LIST_CHANGES = "SELECT id, video_id FROM search_changes ORDER BY id LIMIT %s"
_TRACKS = f"""
SELECT t.id FROM text_tracks t
WHERE t.video_id = v.id AND t.state = 'ready' AND t.kind IN ('subtitles', 'captions') AND NOT t.is_forced
ORDER BY t.is_default DESC, t.machine_made, t.created_at, t.id LIMIT {MOST_TRACKS}
"""  # noqa: S608
_LIST_TRACKS = f"""
SELECT t.id, t.video_id, t.language FROM videos v JOIN text_tracks t ON t.id IN ({_TRACKS})
WHERE v.id = ANY(%(videos)s::uuid[]) AND v.deleted_at IS NULL AND (%(anew)s
    OR NOT EXISTS (SELECT FROM search_passages p WHERE p.video_id = v.id AND p.track_id = t.id))
LIMIT 1000
"""  # noqa: S608
# Held, so that its language is what its words were read in; before the passages, as whoever changes it does.
_HOLD_TRACK = "SELECT 1 FROM text_tracks WHERE id = %s AND language = %s FOR SHARE"
_FORGET_TRACK = "DELETE FROM search_passages WHERE video_id = %s AND track_id = %s"
# Of a video that is gone nothing is kept. Of two who read a track at once both say the same.
_ADD_PASSAGES = """
INSERT INTO search_passages (video_id, track_id, number, lines, words)
SELECT v.id, %(track)s, p.number, p.lines, p.words::tsvector
FROM videos v, unnest(%(lines)s::text[], %(words)s::text[]) WITH ORDINALITY AS p (lines, words, number)
WHERE v.id = %(video)s AND v.deleted_at IS NULL
ON CONFLICT DO NOTHING
"""
_STEMS = """
SELECT word, ts_lexize(%(stemmer)s::text::regdictionary, word) AS stems FROM unnest(%(words)s::text[]) AS word
LIMIT 1000000
"""
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
_FACTS = f"""
SELECT v.id, v.owner_id, v.title, v.description, v.tags, v.language, v.duration, v.created_at,
    coalesce(c.views, 0) AS views, v.visibility = 'public' AND v.status = 'READY' AND u.shut_at IS NULL AS is_listed,
    ARRAY(SELECT t.language FROM text_tracks t WHERE t.id IN ({_TRACKS})
        ORDER BY t.is_default DESC, t.machine_made, t.created_at, t.id) AS captions
FROM videos v JOIN users u ON u.id = v.owner_id LEFT JOIN video_counts c ON c.video_id = v.id
WHERE v.id = ANY(%s::uuid[]) AND v.deleted_at IS NULL AND v.replaces IS NULL AND v.fragment_of IS NULL
LIMIT 1000
"""  # noqa: S608
_FORGET_PASSAGES = f"""
DELETE FROM search_passages p WHERE p.video_id = ANY(%s::uuid[]) AND NOT EXISTS (
    SELECT FROM videos v WHERE v.id = p.video_id AND v.deleted_at IS NULL AND p.track_id IN ({_TRACKS}))
"""  # noqa: S608
_COUNTED = """
SELECT word, count(*)::integer AS documents, sum(listed)::integer AS listed
FROM (SELECT unnest(tsvector_to_array(whole)) AS word, is_listed::integer AS listed FROM changed) AS words
GROUP BY word
"""
_FORGET = f"""
WITH changed AS (
    DELETE FROM search_documents WHERE video_id = ANY(%s::uuid[]) RETURNING whole, is_listed
), counted AS ({_COUNTED})
UPDATE search_words w SET documents = w.documents - c.documents, listed = w.listed - c.listed
FROM counted c WHERE w.word = c.word
"""  # noqa: S608
_ADD = f"""
WITH changed AS (
    INSERT INTO search_documents (video_id, owner_id, is_listed, popularity, created_at, duration, language, captions,
        head, body, whole)
    SELECT %(id)s, %(owner_id)s, %(is_listed)s, %(popularity)s, %(created_at)s, %(duration)s, %(language)s,
        %(captions)s::text[], new.head, new.body, strip(new.head || new.body || new.said)
    FROM (SELECT %(head)s::text::tsvector AS head, %(body)s::text::tsvector AS body,
        array_to_tsvector(ARRAY(SELECT DISTINCT unnest(tsvector_to_array(p.words)) FROM search_passages p
            WHERE p.video_id = %(id)s)) AS said) AS new
    RETURNING whole, is_listed
), counted AS ({_COUNTED})
INSERT INTO search_words AS w (word, documents, listed) SELECT word, documents, listed FROM counted
ON CONFLICT (word) DO UPDATE SET documents = w.documents + excluded.documents, listed = w.listed + excluded.listed
"""  # noqa: S608
_STATE = "SELECT rules, rebuilt_to FROM search_state"
_BEGIN_REBUILD = """
UPDATE search_state SET rules = greatest(rules, %(rules)s), rebuilt_to = %(start)s
WHERE rules < %(rules)s OR (%(asked)s AND rebuilt_to IS NULL)
"""
_LIST_NEXT = "SELECT id FROM videos WHERE id > %s ORDER BY id LIMIT %s"
_MOVE_ON = "UPDATE search_state SET rebuilt_to = %(last)s WHERE rebuilt_to = %(after)s AND rules = %(rules)s"
_COUNT_LEFT = """
SELECT (SELECT count(*) FROM videos v WHERE v.id > s.rebuilt_to) FROM search_state s WHERE s.rebuilt_to IS NOT NULL
"""
_FIND_ACCOUNT_CHANGE = "SELECT id, video_id AS done_to FROM search_account_changes ORDER BY id LIMIT 1"
_LIST_OF_ACCOUNT = """
SELECT v.id, v.created_at FROM search_account_changes c CROSS JOIN LATERAL (
    SELECT id, created_at FROM videos
    WHERE owner_id = c.account_id AND deleted_at IS NULL AND (created_at, id) < (c.created_at, c.video_id)
    ORDER BY created_at DESC, id DESC LIMIT %(most)s) v
WHERE c.id = %(change)s ORDER BY v.created_at DESC, v.id DESC LIMIT %(most)s
"""
_MOVE_ON_IN_ACCOUNT = """
UPDATE search_account_changes SET created_at = %(created_at)s, video_id = %(video)s
WHERE id = %(change)s AND video_id = %(done_to)s
"""
_END_ACCOUNT_CHANGE = "DELETE FROM search_account_changes WHERE id = %s AND video_id = %s"
_FORGET_CHANGES = "DELETE FROM search_changes WHERE id = ANY(%s::bigint[])"
_FORGET_WORDS = """
DELETE FROM search_words WHERE word IN (SELECT word FROM search_words WHERE documents = 0 LIMIT %s) AND documents = 0
"""


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class Change(msgspec.Struct, frozen=True):
    """A video of which something has changed."""

    id: int
    video_id: UUID


class AccountChange(msgspec.Struct, frozen=True):
    """An account of which all videos are to be indexed anew, as far as they are not."""

    id: int
    done_to: UUID
    """The last video that is."""


class Placed(msgspec.Struct, frozen=True):
    """A video at its place among those of an account."""

    id: UUID
    created_at: datetime


class State(msgspec.Struct, frozen=True):
    """How everything is indexed."""

    rules: int
    rebuilt_to: UUID | None
    """Videos up to this one are indexed anew; None: none are."""


class Track(msgspec.Struct, frozen=True):
    """A track of a video that is searched."""

    id: UUID
    video_id: UUID
    language: str


class Stemmed(msgspec.Struct, frozen=True):
    """A word with its stems: none of a stop word, None of what the language does not know."""

    word: str
    stems: list[str] | None


class Facts(msgspec.Struct, frozen=True):
    """What of a video is searched."""

    id: UUID
    owner_id: UUID
    title: str
    description: str
    tags: list[str]
    language: str
    duration: float | None
    created_at: datetime
    views: int
    is_listed: bool
    captions: list[str]
    """The languages of what is said."""


class Document(msgspec.Struct, frozen=True):
    """As it is indexed."""

    id: UUID
    owner_id: UUID
    is_listed: bool
    popularity: int
    created_at: datetime
    duration: float | None
    language: str
    captions: list[str]
    head: str
    body: str


async def list_changes(db: Connection, most: int) -> list[Change]:
    """The oldest changes that are not indexed."""
    return await fetch_all(db, Change, _LIST_CHANGES, (most,))


async def list_tracks(db: Connection, video_ids: Collection[UUID], *, anew: bool) -> list[Track]:
    """Tracks of the videos that are to be searched: those that were not read yet or, anew, all."""
    return await fetch_all(db, Track, _LIST_TRACKS, {"videos": list(video_ids), "anew": anew})


async def hold_track(db: Connection, track: Track) -> bool:
    """Whether it is there still, in the same language, as it will be until the transaction ends."""
    return await fetch_value(db, _HOLD_TRACK, (track.id, track.language)) is not None


async def write_passages(db: Connection, track: Track, lines: Sequence[str], words: Sequence[str]) -> None:
    """What a track says, instead of what is there."""
    await execute(db, _FORGET_TRACK, (track.video_id, track.id))
    params = {"video": track.video_id, "track": track.id, "lines": list(lines), "words": list(words)}
    await execute(db, _ADD_PASSAGES, params)


async def find_stems(db: Connection, stemmer: str, words: Collection[str]) -> dict[str, list[str]]:
    """The stems of words that have any."""
    rows = await fetch_all(db, Stemmed, _STEMS, {"stemmer": stemmer, "words": list(words)})
    return {row.word: row.stems for row in rows if row.stems}


async def try_lock(db: Connection) -> bool:
    """Whether nobody else indexes until the transaction ends: words are counted by one at a time."""
    return bool(await fetch_value(db, _TRY_LOCK, (_LOCK,)))


async def list_facts(db: Connection, video_ids: Collection[UUID]) -> list[Facts]:
    """Those of the videos that are there to be found."""
    return await fetch_all(db, Facts, _FACTS, (list(video_ids),))


async def forget(db: Connection, video_ids: Collection[UUID]) -> None:
    """Takes the videos out of the index, and what tracks say that they have no longer."""
    await execute(db, _FORGET_PASSAGES, (list(video_ids),))
    await execute(db, _FORGET, (list(video_ids),))


async def add(db: Connection, document: Document) -> None:
    """Puts a video in that is not in the index."""
    await execute(db, _ADD, msgspec.structs.asdict(document))


async def find_state(db: Connection) -> State:
    """By which rules everything is indexed, and whether it is being indexed anew."""
    (state,) = await fetch_all(db, State, _STATE)
    return state


async def begin_rebuild(db: Connection, rules: int, *, asked: bool) -> None:
    """Has everything indexed anew, where rules are new or it is asked for; one that has begun goes on."""
    await execute(db, _BEGIN_REBUILD, {"rules": rules, "start": UUID(int=0), "asked": asked})


async def list_next(db: Connection, after: UUID, most: int) -> list[UUID]:
    """Videos in the order in which they are indexed anew."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_NEXT, (after, most))]


async def move_on(db: Connection, after: UUID, last: UUID | None, rules: int) -> bool:
    """Notes that videos are indexed anew, up to the last one; None: all. False where somebody else has done it."""
    return bool(await execute(db, _MOVE_ON, {"after": after, "last": last, "rules": rules}))


async def count_left(db: Connection) -> int | None:
    """Videos that are still to be indexed anew; None: that has ended."""
    left: int | None = await fetch_value(db, _COUNT_LEFT)
    return left


async def find_account_change(db: Connection) -> AccountChange | None:
    """The oldest that is not indexed."""
    return await fetch_one(db, AccountChange, _FIND_ACCOUNT_CHANGE)


async def list_of_account(db: Connection, change: AccountChange, most: int) -> list[Placed]:
    """The next videos of the account, the newest first."""
    return await fetch_all(db, Placed, _LIST_OF_ACCOUNT, {"change": change.id, "most": most})


async def move_on_in_account(db: Connection, change: AccountChange, last: Placed | None) -> bool:
    """Notes that videos are indexed, up to the last one; None: all. False where somebody else has done it."""
    if last is None:
        return await execute(db, _END_ACCOUNT_CHANGE, (change.id, change.done_to)) == 1
    params = {"change": change.id, "done_to": change.done_to, "created_at": last.created_at, "video": last.id}
    return await execute(db, _MOVE_ON_IN_ACCOUNT, params) == 1


async def forget_changes(db: Connection, changes: Collection[Change]) -> None:
    """They are indexed."""
    await execute(db, _FORGET_CHANGES, ([change.id for change in changes],))


async def forget_words(db: Connection, most: int) -> int:
    """Deletes words that no document has any more, unless somebody indexes; returns how many."""
    return await execute(db, _FORGET_WORDS, (most,)) if await try_lock(db) else 0
