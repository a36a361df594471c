"""Every query about captions that a machine makes: what is asked for, what was heard of it, how it ended."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.media.model import Plan
from matinee.media.speech.words import Word
from matinee.media.stored_plans import decode_plan

_BEGIN = "INSERT INTO hearings (track_id, sound, declared) VALUES (%s, %s, %s)"
_FIND = """
SELECT v.plan::text AS plan, h.sound, h.declared, h.probability, h.heard, h.windows, t.language
FROM hearings h JOIN text_tracks t ON t.id = h.track_id JOIN videos v ON v.id = t.video_id
WHERE t.id = %s AND t.state = 'making' AND v.status = 'READY' AND v.deleted_at IS NULL
"""
_IS_WANTED = """
SELECT EXISTS (SELECT 1 FROM text_tracks t JOIN videos v ON v.id = t.video_id
    WHERE t.id = %s AND t.state = 'making' AND v.deleted_at IS NULL)
"""
_COUNT_WINDOWS = "UPDATE hearings SET windows = %s WHERE track_id = %s"
_RECORD = """
WITH track AS (
    UPDATE text_tracks SET language = coalesce(%(language)s, language), updated_at = now()
    WHERE id = %(track)s AND state = 'making' RETURNING id
), hearing AS (
    UPDATE hearings h SET heard = %(number)s + 1, probability = coalesce(%(probability)s, probability)
    FROM track WHERE h.track_id = track.id AND h.heard = %(number)s RETURNING h.track_id
)
INSERT INTO heard_windows (track_id, number, words) SELECT track_id, %(number)s, %(words)s::text::jsonb FROM hearing
"""
_WORDS = """
SELECT number, words::text AS words FROM heard_windows
WHERE track_id = %s AND number >= %s ORDER BY number LIMIT 200
"""
_FINISH = """
UPDATE text_tracks SET state = 'ready', cues = %s, name = CASE WHEN name = '' THEN %s ELSE name END,
    updated_at = now()
WHERE id = %s AND state = 'making'
"""
_FORGET_WORDS = "DELETE FROM heard_windows WHERE track_id = %s"
_FAIL = """
WITH failed AS (
    UPDATE text_tracks SET state = 'failed', is_default = false, updated_at = now()
    WHERE id = %s AND state = 'making' RETURNING id
)
UPDATE hearings SET failure = %s FROM failed WHERE track_id = failed.id
"""
_PAGE = 200


class HearingRow(msgspec.Struct, frozen=True):
    """What is to be heard, and how far it has come."""

    plan: str
    sound: str
    declared: str | None
    probability: float | None
    heard: int
    windows: int | None
    language: str

    def read_plan(self) -> Plan:
        return decode_plan(self.plan)


class _WordsRow(msgspec.Struct, frozen=True):
    number: int
    words: str


async def begin(db: Connection, track_id: UUID, *, sound: str, declared: str | None) -> None:
    """A track that was inserted as `making` is to be heard."""
    await execute(db, _BEGIN, (track_id, sound, declared))


async def find(db: Connection, track_id: UUID) -> HearingRow | None:
    """What is left to hear; None where nobody wants it any more."""
    return await fetch_one(db, HearingRow, _FIND, (track_id,))


async def is_wanted(db: Connection, track_id: UUID) -> bool:
    """Whether the track is still to be made."""
    return bool(await fetch_value(db, _IS_WANTED, (track_id,)))


async def count_windows(db: Connection, track_id: UUID, windows: int) -> None:
    """How many windows there are to hear."""
    await execute(db, _COUNT_WINDOWS, (windows, track_id))


async def record(
    db: Connection, track_id: UUID, number: int, words: list[Word], *, language: str | None, probability: float | None
) -> bool:
    """Keeps what was heard in the next window; False where it is not the next, or nobody wants it any more."""
    values = {
        "track": track_id,
        "number": number,
        "words": msgspec.json.encode(words).decode(),
        "language": language,
        "probability": probability,
    }
    return await execute(db, _RECORD, values) == 1


async def words_of(db: Connection, track_id: UUID) -> list[list[Word]]:
    """The words of each window that was heard."""
    found: list[list[Word]] = []
    while True:
        rows = await fetch_all(db, _WordsRow, _WORDS, (track_id, len(found)))
        found += [msgspec.json.decode(row.words, type=list[Word]) for row in rows]
        if len(rows) < _PAGE:
            return found


async def finish(db: Connection, track_id: UUID, *, cues: int, name: str) -> bool:
    """making → ready; False where it was not being made. The words in windows are not needed any more."""
    if await execute(db, _FINISH, (cues, name, track_id)) == 0:
        return False
    await execute(db, _FORGET_WORDS, (track_id,))
    return True


async def fail(db: Connection, track_id: UUID, code: str) -> bool:
    """making → failed; False where it was not being made."""
    if await execute(db, _FAIL, (track_id, code)) == 0:
        return False
    await execute(db, _FORGET_WORDS, (track_id,))
    return True
