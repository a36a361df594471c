"""Every query about what of a file came through the server."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value


class Piece(msgspec.Struct, frozen=True):
    """An object with bytes that lie behind the last whole part, or behind another piece."""

    name: str
    size: int


class ReceptionRow(msgspec.Struct, frozen=True):
    """What is stored of an upload. `parts` are whole; `pieces` is JSON: [Piece], what lies behind them."""

    received: int
    parts: int
    pieces: str
    metadata: str | None
    fragments: list[UUID]

    def listed(self) -> list[Piece]:
        return msgspec.json.decode(self.pieces, type=list[Piece])


NOTHING = ReceptionRow(0, 0, "[]", None, [])


class _Etag(msgspec.Struct):
    etag: str


class _Id(msgspec.Struct):
    id: UUID


class FragmentRow(msgspec.Struct, frozen=True):
    """A fragment that was received whole and belongs to nothing yet."""

    id: UUID
    filesize: int


_INSERT = "INSERT INTO receptions (video_id, metadata, fragments) VALUES (%s, %s, %s)"
_FIND = """
SELECT received, cardinality(etags) AS parts, pieces::text AS pieces, metadata, fragments
FROM receptions WHERE video_id = %s
"""
_TAKE_OVER = """
INSERT INTO receptions AS r (video_id, writer) VALUES (%(video)s, %(writer)s)
ON CONFLICT (video_id) DO UPDATE SET writer = excluded.writer WHERE r.received = %(received)s
"""
_IS_WRITER = "SELECT true FROM receptions WHERE video_id = %s AND writer = %s"
_HAS_BEGUN = "SELECT true FROM receptions WHERE video_id = %s AND writer IS NOT NULL"
# Whoever has taken over, deleted or finished the upload has the last word.
_RECORD = """
WITH kept AS (
    UPDATE receptions SET received = %(received)s, etags = etags || %(etags)s::text[],
        pieces = %(pieces)s::text::jsonb
    WHERE video_id = %(video)s AND writer = %(writer)s RETURNING video_id)
UPDATE videos v SET updated_at = now() FROM kept
WHERE v.id = kept.video_id AND v.status = 'UPLOADING' AND v.deleted_at IS NULL
"""
# Whoever sends it goes on from there, and whoever still writes does not.
_FALL_BACK = """
UPDATE receptions SET received = %(received)s, etags = etags[1:%(parts)s::integer], pieces = '[]',
    writer = gen_random_uuid()
WHERE video_id = %(video)s AND cardinality(etags) > %(parts)s::integer
"""
_ETAGS = """
SELECT etag FROM receptions, unnest(etags) WITH ORDINALITY AS t (etag, number)
WHERE video_id = %s ORDER BY number LIMIT 10000
"""
# Received whole, or of fragments that were, and nobody has to send anything any more.
_LIST_UNJOINED = """
SELECT v.id FROM videos v JOIN receptions r ON r.video_id = v.id
WHERE v.status IN ('INITIATED', 'UPLOADING') AND v.deleted_at IS NULL AND v.fragment_of IS NULL
  AND (r.received = v.filesize OR r.fragments <> '{}')
ORDER BY random() LIMIT %s  -- what cannot be joined keeps nothing else from it
"""
_CLAIM_FRAGMENTS = """
UPDATE videos v SET fragment_of = %(video)s, updated_at = now() FROM receptions r
WHERE v.id = ANY(%(fragments)s::uuid[]) AND v.fragment_of = v.id AND v.owner_id = %(owner)s AND v.deleted_at IS NULL
  AND v.status <> 'FAILED' AND r.video_id = v.id AND r.received = v.filesize
RETURNING v.id, v.filesize
"""


async def insert_reception(db: Connection, video_id: UUID, metadata: str | None, fragments: list[UUID]) -> None:
    """Nothing of it is stored yet."""
    await execute(db, _INSERT, (video_id, metadata, fragments))


async def find_reception(db: Connection, video_id: UUID) -> ReceptionRow:
    """What is stored of an upload."""
    return await fetch_one(db, ReceptionRow, _FIND, (video_id,)) or NOTHING


async def take_over(db: Connection, video_id: UUID, writer: UUID, received: int) -> bool:
    """From now on that writer alone may record; False where more or less is stored than it knows."""
    return await execute(db, _TAKE_OVER, {"video": video_id, "writer": writer, "received": received}) == 1


async def is_writer(db: Connection, video_id: UUID, writer: UUID) -> bool:
    """Whether nobody has taken over since."""
    return await fetch_value(db, _IS_WRITER, (video_id, writer)) is not None


async def has_begun(db: Connection, video_id: UUID) -> bool:
    """Whether any of its bytes may have come through the server."""
    return await fetch_value(db, _HAS_BEGUN, (video_id,)) is not None


async def record(
    db: Connection, video_id: UUID, writer: UUID, received: int, etags: list[str], pieces: list[Piece]
) -> bool:
    """So many bytes are stored, with these parts behind those before; False where another has taken over."""
    text = msgspec.json.encode(pieces).decode()
    values = {"video": video_id, "writer": writer, "received": received, "etags": etags, "pieces": text}
    return await execute(db, _RECORD, values) == 1


async def fall_back(db: Connection, video_id: UUID, parts: int, received: int) -> None:
    """Only the first parts are stored as they were recorded, which are so many bytes."""
    await execute(db, _FALL_BACK, {"video": video_id, "parts": parts, "received": received})


async def list_etags(db: Connection, video_id: UUID) -> list[str]:
    """Of the parts, in order."""
    return [row.etag for row in await fetch_all(db, _Etag, _ETAGS, (video_id,))]


async def list_unjoined(db: Connection, most: int) -> list[UUID]:
    """Uploads of which every byte is stored, and that are not joined."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_UNJOINED, (most,))]


async def claim_fragments(db: Connection, owner_id: UUID, fragments: list[UUID], video_id: UUID) -> list[FragmentRow]:
    """Makes the owner's finished fragments part of a video; returns those that it could."""
    values = {"owner": owner_id, "fragments": fragments, "video": video_id}
    return await fetch_all(db, FragmentRow, _CLAIM_FRAGMENTS, values)
