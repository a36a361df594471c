"""Every query about comments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, LiteralString, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.comments.rules import Policy, Queue, State
from matinee.modules.videos.access import GUARDED, GuardedFacts

Row = TypeVar("Row", bound=msgspec.Struct)


class RankedCursor(Cursor, frozen=True, array_like=True):
    """A place in a list that is sorted by score, the newest first among equals."""

    score: Annotated[int, Meta(ge=0, lt=2**31)]


class DiscussedVideo(GuardedFacts, frozen=True):
    """A video, as far as it matters what may be said of it and who may read that."""

    policy: Policy
    pinned: UUID | None
    count: int


class CommentRow(msgspec.Struct, frozen=True):
    """A comment with who wrote it."""

    id: UUID
    video_id: UUID
    root_id: UUID | None
    parent_id: UUID | None
    author_id: UUID | None
    author_name: str | None
    author_handle: str | None
    author_avatar: str | None
    state: State
    text: str
    mentioned: str
    """JSON: [Person]."""
    replies: int
    likes: int
    liked: bool
    created_at: datetime
    edited_at: datetime | None

    @property
    def place(self) -> Cursor:
        """Where the next page goes on."""
        return Cursor(self.created_at, self.id)


class RankedRow(CommentRow, frozen=True):
    """A comment among the best."""

    score: int

    @property
    def place(self) -> Cursor:
        return RankedCursor(self.created_at, self.id, self.score)


class ReviewedRow(CommentRow, frozen=True):
    """A comment with what was reported of it."""

    reports: int
    reasons: list[str]


class OwnRow(msgspec.Struct, frozen=True):
    """A comment, as its author finds it again."""

    id: UUID
    video_id: UUID
    parent_id: UUID | None
    state: State
    text: str
    created_at: datetime
    edited_at: datetime | None


class Waiting(msgspec.Struct, frozen=True):
    """How many comments wait for a decision, as far as they are counted."""

    held: int
    reported: int


class LockedComment(msgspec.Struct, frozen=True):
    """A comment that nobody else changes until the transaction ends, and its thread neither."""

    id: UUID
    video_id: UUID
    author_id: UUID | None
    root_id: UUID | None
    state: State
    root_state: State | None
    taken_down: bool
    """Whether an administrator has hidden it."""
    is_read: bool
    """Whether its author is there, and not shut out."""
    replies: int
    answered: bool
    """Whether anything answers it."""
    noted: int
    """How many like it, or report it and are not answered."""


class Orphan(msgspec.Struct, frozen=True):
    """A comment of an account that is gone."""

    id: UUID
    video_id: UUID


_OF_VIDEO = "FROM videos v WHERE v.id = %s AND v.deleted_at IS NULL"
_COUNT = """
(coalesce((SELECT comments FROM video_counts WHERE video_id = v.id), 0)
    + coalesce((SELECT sum(comments) FROM count_changes WHERE video_id = v.id), 0))::bigint
"""
_FIND_VIDEO = f"""
SELECT {GUARDED}, v.comment_policy AS policy, v.pinned_comment AS pinned, {_COUNT} AS count
{_OF_VIDEO}
"""
# Of who is shut out nobody is given a picture, whoever reads what he has said.
_AVATAR = """
(SELECT p.version FROM channel_pictures p
    WHERE p.account_id = u.id AND p.kind = 'avatar' AND u.shut_at IS NULL) AS author_avatar
""".strip()
_COLUMNS = f"""
c.id, c.video_id, c.root_id, c.parent_id, u.id AS author_id, u.name AS author_name, u.handle AS author_handle,
{_AVATAR}, c.state, c.text,
CASE WHEN c.mentions = '{{}}' THEN '[]' ELSE coalesce((
    SELECT json_agg(json_build_object('id', m.id, 'name', m.name) ORDER BY m.name)
    FROM users m WHERE m.id = ANY(c.mentions) AND m.shut_at IS NULL)::text, '[]') END AS mentioned,
c.replies, c.likes,
EXISTS (SELECT FROM comment_likes l WHERE l.comment_id = c.id AND l.user_id = %(caller)s) AS liked,
c.created_at, c.edited_at
"""  # noqa: S608
_FROM_ANYONE = "FROM comments c LEFT JOIN users u ON u.id = c.author_id"
# Who is shut out says nothing: his comments are places, as those of accounts that are gone, until he is let in again.
_FROM = f"{_FROM_ANYONE} AND u.shut_at IS NULL"
# As the indexes have it.
_TOP_LEVEL = "c.root_id IS NULL AND (c.state = 'shown' OR (c.state = 'deleted' AND c.replies > 0))"
_LIST = f"SELECT {_COLUMNS} {_FROM} WHERE c.video_id = %(video)s AND {_TOP_LEVEL}"
_NEWEST = "ORDER BY c.created_at DESC, c.id DESC"
_BEFORE = "AND (c.created_at, c.id) < (%(created_at)s, %(id)s)"
_RANKED = f"SELECT {_COLUMNS}, c.score {_FROM} WHERE c.video_id = %(video)s AND {_TOP_LEVEL}"
_BEST = "ORDER BY c.score DESC, c.created_at DESC, c.id DESC"
_WORSE = "AND (c.score, c.created_at, c.id) < (%(score)s, %(created_at)s, %(id)s)"
_REPLIES = f"""
SELECT {_COLUMNS} {_FROM}
WHERE c.root_id = %(root)s AND c.state IN ('shown', 'deleted')
"""
_OLDEST = "ORDER BY c.created_at, c.id"
_BEHIND = "AND (c.created_at, c.id) > (%(created_at)s, %(id)s)"
_REASONS = """
ARRAY(SELECT r.reason FROM comment_reports r WHERE r.comment_id = c.id AND r.settled_at IS NULL
    ORDER BY r.created_at DESC LIMIT 10) AS reasons
"""
_REVIEWED = f"SELECT {_COLUMNS}, c.reports, {_REASONS} {_FROM_ANYONE} WHERE"
# The state stands in the text: else the planner does not know that the index holds it.
_HELD = "c.video_id = %(video)s AND c.state = 'held'"
_HIDDEN = "c.video_id = %(video)s AND c.state = 'hidden'"
_REPORTED = "c.video_id = %(video)s AND c.reports > 0"
# A video that is deleted may be kept for its clips: nobody decides about it any more.
_REPORTED_ANYWHERE = """
c.reports > 0 AND EXISTS (SELECT FROM videos v WHERE v.id = c.video_id AND v.deleted_at IS NULL)
"""
# In the order of the index: else the planner may read all that waits before it counts the first hundred.
_COUNT_WAITING = f"""
SELECT (SELECT count(*) FROM (SELECT FROM comments c WHERE {_HELD} {_NEWEST} LIMIT %(most)s) h) AS held,
    (SELECT count(*) FROM (SELECT FROM comments c WHERE {_REPORTED} {_NEWEST} LIMIT %(most)s) r) AS reported
"""  # noqa: S608
_COUNT_REPORTED = f"""
SELECT count(*) FROM (SELECT FROM comments c WHERE {_REPORTED_ANYWHERE} {_NEWEST} LIMIT %(most)s) r
"""  # noqa: S608
# The usual length stands in the text, as in videos: behind an unknown LIMIT the planner plans anew each time.
_USUAL_LIMIT = 20

_LIST_OWN = """
SELECT c.id, c.video_id, c.parent_id, c.state, c.text, c.created_at, c.edited_at FROM comments c
WHERE c.author_id = %(author)s
"""
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE c.id = %(comment)s AND c.video_id = %(video)s"
_FIND_PINNABLE = f"{_FIND} AND c.root_id IS NULL AND c.state = 'shown' AND u.id IS NOT NULL"
_IS_THREAD = """
SELECT 1 FROM comments WHERE id = %s AND video_id = %s AND root_id IS NULL AND state IN ('shown', 'deleted')
"""
# The top comment first, whichever of a thread is meant: two who change a thread wait for each other and do no worse.
_LOCK_ROOT = """
SELECT 1 FROM comments WHERE id = (SELECT coalesce(root_id, id) FROM comments WHERE id = %s AND video_id = %s)
FOR UPDATE
"""
_LOCK = """
SELECT c.id, c.video_id, c.author_id, c.root_id, c.state, r.state AS root_state, c.taken_down,
    EXISTS (SELECT FROM users u WHERE u.id = c.author_id AND u.shut_at IS NULL) AS is_read, c.replies,
    EXISTS (SELECT FROM comments a WHERE a.parent_id = c.id) AS answered, c.likes + c.reports AS noted
FROM comments c LEFT JOIN comments r ON r.id = c.root_id WHERE c.id = %s AND c.video_id = %s FOR UPDATE OF c
"""
# Nobody is spoken to who takes no part, as far as everybody sees: else a guessed id told whose comment waits.
_MENTIONED = """
ARRAY(SELECT u.id FROM users u WHERE u.id = ANY(%(mentions)s::uuid[]) AND (
    u.id = (SELECT owner_id FROM videos WHERE id = %(video)s)
    OR EXISTS (SELECT FROM comments t
        WHERE t.video_id = %(video)s AND t.author_id = u.id AND t.state = 'shown')))
"""
_INSERT = f"""
INSERT INTO comments (video_id, author_id, root_id, parent_id, state, text, mentions)
VALUES (%(video)s, %(author)s, %(root)s, %(parent)s, %(state)s, %(text)s, {_MENTIONED}) RETURNING id
"""  # noqa: S608
_EDIT = f"""
UPDATE comments SET text = %(text)s, mentions = {_MENTIONED}, state = %(state)s, edited_at = now()
WHERE id = %(comment)s
"""  # noqa: S608
# What was reported of the former text is no report of this one: whoever did may do so again.
_FORGET_SETTLED = "DELETE FROM comment_reports WHERE comment_id = %s AND settled_at IS NOT NULL"
_DECIDE = "UPDATE comments SET state = %s, taken_down = %s, reports = 0 WHERE id = %s"
_SETTLE = "UPDATE comment_reports SET settled_at = now() WHERE comment_id = %s AND settled_at IS NULL"
_EMPTY = """
UPDATE comments SET state = 'deleted', text = '', mentions = '{}', author_id = NULL, edited_at = NULL, reports = 0
WHERE id = %s
"""
# With the places above it that nothing else answers.
_REMOVE = """
WITH RECURSIVE gone (id, parent_id) AS (
    SELECT id, parent_id FROM comments WHERE id = %(comment)s
    UNION ALL
    SELECT p.id, p.parent_id FROM gone g JOIN comments p ON p.id = g.parent_id
    WHERE p.state = 'deleted' AND p.likes <= %(most)s
        AND NOT EXISTS (SELECT FROM comments a WHERE a.parent_id = p.id AND a.id <> g.id)
)
DELETE FROM comments WHERE id IN (SELECT id FROM gone LIMIT %(most)s)
"""
_ADD_REPLIES = "UPDATE comments SET replies = replies + %s WHERE id = %s"
_REPORT = """
WITH reported AS (
    INSERT INTO comment_reports (comment_id, reporter_id, reason) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING comment_id)
UPDATE comments SET reports = reports + 1 WHERE id IN (SELECT comment_id FROM reported)
"""
_LIKE = """
WITH liked AS (
    INSERT INTO comment_likes (comment_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING comment_id)
UPDATE comments SET likes = likes + 1 WHERE id IN (SELECT comment_id FROM liked)
"""
_UNLIKE = """
WITH unliked AS (DELETE FROM comment_likes WHERE comment_id = %s AND user_id = %s RETURNING comment_id)
UPDATE comments SET likes = likes - 1 WHERE id IN (SELECT comment_id FROM unliked)
"""
_CHANGE_POLICY = "UPDATE videos SET comment_policy = %s WHERE id = %s AND deleted_at IS NULL"
_PIN = "UPDATE videos SET pinned_comment = %s WHERE id = %s AND deleted_at IS NULL"
_ORPHANED = """
SELECT id, video_id FROM comments WHERE author_id IS NULL AND state <> 'deleted' LIMIT %s
"""
# Of comments that nobody holds: whoever changes one holds its thread as well, and would wait for us, and we for him.
_UNLIKE_SOME = """
WITH held AS (
    SELECT id FROM comments WHERE id IN (SELECT comment_id FROM comment_likes WHERE user_id = %(user)s LIMIT %(most)s)
    FOR UPDATE SKIP LOCKED
), unliked AS (
    DELETE FROM comment_likes WHERE user_id = %(user)s AND comment_id IN (SELECT id FROM held) RETURNING comment_id
)
UPDATE comments SET likes = likes - 1 WHERE id IN (SELECT comment_id FROM unliked)
"""
_DISOWN_SOME = """
UPDATE comments SET author_id = NULL WHERE id IN (
    SELECT id FROM comments WHERE author_id = %(user)s ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""


async def find_video(db: Connection, video_id: UUID) -> DiscussedVideo | None:
    """A video that is not deleted."""
    return await fetch_one(db, DiscussedVideo, _FIND_VIDEO, (video_id,))


async def list_newest(
    db: Connection, video_id: UUID, caller: UUID | None, limit: int, after: Cursor | None
) -> list[CommentRow]:
    """Top comments, newest first; one more than `limit` where there are more, as of all lists here."""
    select = f"{_LIST} {_BEFORE}" if after else _LIST
    return await _page(db, CommentRow, f"{select} {_NEWEST}", {"video": video_id, "caller": caller}, limit, after)


async def list_best(
    db: Connection, video_id: UUID, caller: UUID | None, limit: int, after: RankedCursor | None
) -> list[RankedRow]:
    """Top comments, those with the most likes and replies first."""
    select = f"{_RANKED} {_WORSE}" if after else _RANKED
    params = {"video": video_id, "caller": caller, "score": after and after.score}
    return await _page(db, RankedRow, f"{select} {_BEST}", params, limit, after)


async def list_replies(
    db: Connection, root_id: UUID, caller: UUID | None, limit: int, after: Cursor | None
) -> list[CommentRow]:
    """What was answered below a top comment, oldest first."""
    select = f"{_REPLIES} {_BEHIND}" if after else _REPLIES
    params = {"root": root_id, "caller": caller}
    return await _page(db, CommentRow, f"{select} {_OLDEST}", params, limit, after)


async def list_to_review(
    db: Connection, video_id: UUID, queue: Queue, caller: UUID, limit: int, after: Cursor | None
) -> list[ReviewedRow]:
    """What of a video waits for a decision, newest first."""
    waiting = {"held": _HELD, "hidden": _HIDDEN, "reported": _REPORTED}[queue]
    select = f"{_REVIEWED} {waiting} {_BEFORE if after else ''} {_NEWEST}"
    return await _page(db, ReviewedRow, select, {"video": video_id, "caller": caller}, limit, after)


async def list_reported(db: Connection, caller: UUID, limit: int, after: Cursor | None) -> list[ReviewedRow]:
    """What is reported of any video that is there, newest first."""
    select = f"{_REVIEWED} {_REPORTED_ANYWHERE} {_BEFORE if after else ''} {_NEWEST}"
    return await _page(db, ReviewedRow, select, {"caller": caller}, limit, after)


async def count_waiting(db: Connection, video_id: UUID, most: int) -> Waiting:
    """How many of a video wait for a decision, up to so many of each kind."""
    return await fetch_one(db, Waiting, _COUNT_WAITING, {"video": video_id, "most": most}) or Waiting(0, 0)


async def count_reported(db: Connection, most: int) -> int:
    """How many are reported of any video that is there, up to so many."""
    return int(await fetch_value(db, _COUNT_REPORTED, {"most": most}))


async def list_own(db: Connection, author_id: UUID, limit: int, after: Cursor | None) -> list[OwnRow]:
    """What an account has said, newest first, wherever and whatever became of it."""
    select = f"{_LIST_OWN} {_BEFORE}" if after else _LIST_OWN
    return await _page(db, OwnRow, f"{select} {_NEWEST}", {"author": author_id}, limit, after)


async def find_comment(db: Connection, video_id: UUID, comment_id: UUID, caller: UUID | None) -> CommentRow | None:
    """A comment in whatever state."""
    return await fetch_one(db, CommentRow, _FIND, {"video": video_id, "comment": comment_id, "caller": caller})


async def find_pinnable(db: Connection, video_id: UUID, comment_id: UUID, caller: UUID | None) -> CommentRow | None:
    """A top comment that is shown."""
    return await fetch_one(
        db, CommentRow, _FIND_PINNABLE, {"video": video_id, "comment": comment_id, "caller": caller}
    )


async def is_thread(db: Connection, video_id: UUID, root_id: UUID) -> bool:
    """Whether there is a top comment that may have answers to read."""
    return await fetch_value(db, _IS_THREAD, (root_id, video_id)) is not None


async def lock_comment(db: Connection, video_id: UUID, comment_id: UUID) -> LockedComment | None:
    """A comment; nobody else changes it or its thread until the transaction ends."""
    await execute(db, _LOCK_ROOT, (comment_id, video_id))
    return await fetch_one(db, LockedComment, _LOCK, (comment_id, video_id))


async def insert_comment(
    db: Connection,
    video_id: UUID,
    author_id: UUID,
    parent: LockedComment | None,
    state: State,
    text: str,
    mentions: Sequence[UUID],
) -> UUID:
    """The id of a new comment. Who takes no part in the conversation is not mentioned."""
    params = {
        "video": video_id,
        "author": author_id,
        "root": parent and (parent.root_id or parent.id),
        "parent": parent and parent.id,
        "state": state,
        "text": text,
        "mentions": list(mentions),
    }
    made: UUID = await fetch_value(db, _INSERT, params)
    return made


async def edit_comment(
    db: Connection, comment: LockedComment, state: State, text: str, mentions: Sequence[UUID]
) -> None:
    """Has it say something else."""
    params = {"comment": comment.id, "video": comment.video_id, "state": state, "text": text}
    await execute(db, _EDIT, {**params, "mentions": list(mentions)})
    await execute(db, _FORGET_SETTLED, (comment.id,))


async def decide_comment(db: Connection, comment_id: UUID, state: State, *, taken_down: bool) -> None:
    """Shows or hides it; what was reported of it is settled by that."""
    await execute(db, _DECIDE, (state, taken_down, comment_id))
    await execute(db, _SETTLE, (comment_id,))


async def empty_comment(db: Connection, comment_id: UUID) -> None:
    """Leaves nothing of it but its place."""
    await execute(db, _EMPTY, (comment_id,))


async def remove_comment(db: Connection, comment_id: UUID, most: int) -> None:
    """Deletes it, likes and reports with it, and so many places at most that it alone has kept."""
    await execute(db, _REMOVE, {"comment": comment_id, "most": most})


async def add_replies(db: Connection, root_id: UUID, change: int) -> None:
    """So many more, or fewer, are shown below a top comment."""
    await execute(db, _ADD_REPLIES, (change, root_id))


async def report_comment(db: Connection, comment_id: UUID, reporter_id: UUID, reason: str) -> None:
    """Notes a report, once from each account."""
    await execute(db, _REPORT, (comment_id, reporter_id, reason))


async def like_comment(db: Connection, comment_id: UUID, user_id: UUID, *, likes: bool) -> None:
    """The account likes it from now on, or no longer."""
    await execute(db, _LIKE if likes else _UNLIKE, (comment_id, user_id))


async def change_policy(db: Connection, video_id: UUID, policy: Policy) -> bool:
    """False where the video was deleted."""
    return await execute(db, _CHANGE_POLICY, (policy, video_id)) == 1


async def pin(db: Connection, video_id: UUID, comment_id: UUID | None) -> bool:
    """False where the video was deleted."""
    return await execute(db, _PIN, (comment_id, video_id)) == 1


async def unlike_some(db: Connection, user_id: UUID, most: int) -> int:
    """Takes back so many likes of an account; returns how many."""
    return await execute(db, _UNLIKE_SOME, {"user": user_id, "most": most})


async def disown_some(db: Connection, user_id: UUID, most: int) -> int:
    """So many comments are nobody's from now on; returns how many."""
    return await execute(db, _DISOWN_SOME, {"user": user_id, "most": most})


async def list_orphans(db: Connection, most: int) -> list[Orphan]:
    """Comments of accounts that are gone, which still say something."""
    return await fetch_all(db, Orphan, _ORPHANED, (most,))


async def _page(
    db: Connection,
    into: type[Row],
    ordered: LiteralString,
    params: Mapping[str, object],
    limit: int,
    after: Cursor | None,
) -> list[Row]:
    values = {**params, "limit": limit + 1}
    if after is not None:
        values |= {"created_at": after.created_at, "id": after.id}
    if limit == _USUAL_LIMIT:
        return await fetch_all(db, into, f"{ordered} LIMIT 21", values)
    return await fetch_all(db, into, f"{ordered} LIMIT %(limit)s", values)
