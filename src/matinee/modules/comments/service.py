"""Decisions about comments: who reads, writes and moderates which."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, encode_cursor, page_of
from matinee.common.http.viewer import Viewer
from matinee.modules import audit
from matinee.modules.comments import repository
from matinee.modules.comments.errors import CommentNotFound, CommentsOff, NothingSaid, NotYourComment, TakenDown
from matinee.modules.comments.repository import CommentRow, DiscussedVideo, LockedComment, RankedCursor
from matinee.modules.comments.rules import MOST_COUNTED, State, clean, counted, first_state
from matinee.modules.comments.schemas import (
    Comment,
    CommentChange,
    CommentPage,
    CommentQuery,
    CommentSettings,
    CommentSettingsChange,
    NewComment,
    OwnCommentPage,
    ReplyPage,
    ReportedPage,
    ReviewPage,
    ReviewQuery,
)
from matinee.modules.comments.views import comment_of, own_of, reviewed_of
from matinee.modules.counts import repository as counts
from matinee.modules.counts.repository import Counts
from matinee.modules.videos.access import may_change, seen
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.service import VideoService

_MOST_DELETED = 1000  # likes and reports of a comment: half a millisecond


class CommentService:
    """Comments as people see and change them. Who may not see a video sees no comment on it and writes none.

    What he has said himself he finds again and deletes, wherever it is.
    """

    def __init__(self, videos: VideoService) -> None:
        self._videos = videos

    async def threads(self, db: Connection, viewer: Viewer, video_id: UUID, query: CommentQuery) -> CommentPage:
        """A video's threads, with the pinned one beside the first page."""
        video = await self._read(db, viewer, video_id)
        if video.policy == "off":
            return CommentPage(items=[], next_cursor=None, pinned=None, policy="off", count=0)
        me = viewer.caller.user_id if viewer.caller else None
        rows: Sequence[CommentRow]
        if query.sort == "top":
            place = decode_cursor(query.cursor, RankedCursor)
            rows = await repository.list_best(db, video_id, me, query.limit, place)
        else:
            rows = await repository.list_newest(db, video_id, me, query.limit, decode_cursor(query.cursor))
        pinned = None
        if video.pinned and query.cursor is UNSET:
            pinned = await repository.find_pinnable(db, video_id, video.pinned, me)
        return CommentPage(
            items=[comment_of(row) for row in rows[: query.limit]],
            next_cursor=_next(rows, query.limit),
            pinned=comment_of(pinned) if pinned else None,
            policy=video.policy,
            count=video.count,
        )

    async def replies(
        self, db: Connection, viewer: Viewer, video_id: UUID, root_id: UUID, query: PageQuery
    ) -> ReplyPage:
        """What was answered below a top comment. Raises CommentNotFound."""
        video = await self._read(db, viewer, video_id)
        me = viewer.caller.user_id if viewer.caller else None
        after = decode_cursor(query.cursor)
        if video.policy == "off" or not await repository.is_thread(db, video_id, root_id):
            raise CommentNotFound
        rows = await repository.list_replies(db, root_id, me, query.limit, after)
        return ReplyPage(items=[comment_of(row) for row in rows[: query.limit]], next_cursor=_next(rows, query.limit))

    async def own(self, db: Connection, caller: Caller, query: PageQuery) -> OwnCommentPage:
        """What the caller has said, newest first; nothing of videos that he may see no longer."""
        rows = await repository.list_own(db, caller.user_id, query.limit, decode_cursor(query.cursor))
        shown, cursor = page_of(rows, query.limit, creation)
        videos = await self._videos.summaries(db, Viewer(caller), list({row.video_id for row in shown}))
        return OwnCommentPage(items=[own_of(row, videos.get(row.video_id)) for row in shown], next_cursor=cursor)

    async def write(self, db: Connection, caller: Caller, video_id: UUID, new: NewComment) -> Comment:
        """A new comment. Raises CommentsOff, NothingSaid, and CommentNotFound where it answers none that is shown."""
        video = await self._joined(db, caller, video_id)
        text = _said(new.text)
        parent = None
        if new.parent_id is not None:
            parent = await repository.lock_comment(db, video_id, new.parent_id)
            if parent is None or not _is_shown(parent):
                raise CommentNotFound
        state = first_state(video.policy, moderates=may_change(caller, video.owner_id))
        comment_id = await repository.insert_comment(db, video_id, caller.user_id, parent, state, text, new.mentions)
        if state == "shown":
            if parent is not None:
                await repository.add_replies(db, parent.root_id or parent.id, 1)
            await counts.change(db, video_id, Counts(comments=1))
        return await self._found(db, video_id, comment_id, caller)

    async def edit(
        self, db: Connection, caller: Caller, video_id: UUID, comment_id: UUID, change: CommentChange
    ) -> Comment:
        """Another text. Where comments wait for the owner, it waits anew; one that he has hidden stays so."""
        video = await self._joined(db, caller, video_id)
        text = _said(change.text)
        comment = await self._locked(db, video_id, comment_id)
        if comment.author_id != caller.user_id:
            raise NotYourComment if _is_shown(comment) else CommentNotFound
        state = comment.state
        if state == "shown":
            state = first_state(video.policy, moderates=may_change(caller, video.owner_id))
        await repository.edit_comment(db, comment, state, text, change.mentions)
        await self._recount(db, comment, state)
        return await self._found(db, video_id, comment_id, caller)

    async def delete(self, db: Connection, caller: Caller, video_id: UUID, comment_id: UUID) -> None:
        """Deletes a comment of the caller, whatever he still sees of the video; an administrator any."""
        comment = await repository.lock_comment(db, video_id, comment_id)
        author_id = comment.author_id if comment else None
        if author_id != caller.user_id:
            await self._seen(db, Viewer(caller), video_id)
        if comment is None or author_id is None:
            raise CommentNotFound
        if not may_change(caller, author_id):
            raise NotYourComment if _is_shown(comment) else CommentNotFound
        await self._delete(db, comment)
        if author_id != caller.user_id:
            await audit.record(db, "comment.deleted", comment_id, video=video_id)

    async def like(self, db: Connection, caller: Caller, video_id: UUID, comment_id: UUID, *, likes: bool) -> None:
        """The caller likes a comment that is shown, or no longer does; either twice is harmless."""
        await self._joined(db, caller, video_id)
        if not _is_shown(await self._locked(db, video_id, comment_id)):
            raise CommentNotFound
        await repository.like_comment(db, comment_id, caller.user_id, likes=likes)

    async def report(self, db: Connection, caller: Caller, video_id: UUID, comment_id: UUID, reason: str) -> None:
        """Tells whose video it is, and the administrators. What an account reports a second time is not counted."""
        await self._joined(db, caller, video_id)
        reason = _said(reason)
        if not _is_shown(await self._locked(db, video_id, comment_id)):
            raise CommentNotFound
        await repository.report_comment(db, comment_id, caller.user_id, reason)

    async def to_review(self, db: Connection, caller: Caller, video_id: UUID, query: ReviewQuery) -> ReviewPage:
        """What of the caller's video waits for a decision."""
        await self._owned(db, caller, video_id)
        after = decode_cursor(query.cursor)
        rows = await repository.list_to_review(db, video_id, query.queue, caller.user_id, query.limit, after)
        waiting = await repository.count_waiting(db, video_id, MOST_COUNTED)
        return ReviewPage(
            items=[reviewed_of(row) for row in rows[: query.limit]],
            next_cursor=_next(rows, query.limit),
            held=waiting.held,
            reported=waiting.reported,
        )

    async def reported(self, db: Connection, caller: Caller, query: PageQuery) -> ReportedPage:
        """What is reported anywhere."""
        rows = await repository.list_reported(db, caller.user_id, query.limit, decode_cursor(query.cursor))
        return ReportedPage(
            items=[reviewed_of(row) for row in rows[: query.limit]],
            next_cursor=_next(rows, query.limit),
            reported=await repository.count_reported(db, MOST_COUNTED),
        )

    async def decide(self, db: Connection, caller: Caller, video_id: UUID, comment_id: UUID, state: State) -> Comment:
        """Approves, rejects, hides or shows again; what was reported of it is settled. Raises TakenDown."""
        await self._owned(db, caller, video_id)
        comment = await self._locked(db, video_id, comment_id)
        administers = caller.role == "ADMIN"
        if comment.taken_down and not administers:
            raise TakenDown
        await repository.decide_comment(db, comment_id, state, taken_down=administers and state == "hidden")
        await self._recount(db, comment, state)
        if comment.author_id != caller.user_id:
            await audit.record(db, "comment.moderated", comment_id, video=video_id, state=state)
        return await self._found(db, video_id, comment_id, caller)

    async def change_settings(
        self, db: Connection, caller: Caller, video_id: UUID, change: CommentSettingsChange
    ) -> CommentSettings:
        """Opens, holds or turns off a video's comments, and pins one that is shown."""
        await self._owned(db, caller, video_id)
        if change.policy is not UNSET:
            await repository.change_policy(db, video_id, change.policy)
        if change.pinned is not UNSET:
            if change.pinned and not await repository.find_pinnable(db, video_id, change.pinned, None):
                raise CommentNotFound
            await repository.pin(db, video_id, change.pinned)
        video = await self._owned(db, caller, video_id)
        return CommentSettings(policy=video.policy, pinned=str(video.pinned) if video.pinned else None)

    async def forget_some_of(self, db: Connection, user_id: UUID, most: int) -> int:
        """Takes back so many likes of an account that is to go, or leaves its comments to `delete_orphans`."""
        unliked = await repository.unlike_some(db, user_id, most)
        return unliked or await repository.disown_some(db, user_id, most)

    async def delete_orphans(self, db: Connection, most: int) -> int:
        """Periodic: what accounts have said that are gone."""
        orphans = await repository.list_orphans(db, most)
        for orphan in orphans:
            comment = await repository.lock_comment(db, orphan.video_id, orphan.id)
            if comment is not None:
                await self._delete(db, comment)
        return len(orphans)

    async def _delete(self, db: Connection, comment: LockedComment) -> None:
        """Its place stays where something answers it, or where more would go with it than a request may delete."""
        if comment.answered or comment.noted > _MOST_DELETED:
            await repository.empty_comment(db, comment.id)
        else:
            await repository.remove_comment(db, comment.id, _MOST_DELETED)
        await self._recount(db, comment, "deleted")

    async def _recount(self, db: Connection, comment: LockedComment, state: State) -> None:
        """Counts what is seen less, or more, since the comment is in another state."""
        if comment.root_id is not None and (comment.state == "shown") is not (state == "shown"):
            await repository.add_replies(db, comment.root_id, 1 if state == "shown" else -1)
        before, after = (counted(each, comment.replies, comment.root_state) for each in (comment.state, state))
        await counts.change(db, comment.video_id, Counts(comments=after - before))

    async def _found(self, db: Connection, video_id: UUID, comment_id: UUID, caller: Caller) -> Comment:
        row = await repository.find_comment(db, video_id, comment_id, caller.user_id)
        if row is None:
            raise CommentNotFound
        return comment_of(row)

    async def _locked(self, db: Connection, video_id: UUID, comment_id: UUID) -> LockedComment:
        comment = await repository.lock_comment(db, video_id, comment_id)
        if comment is None or comment.state == "deleted":
            raise CommentNotFound
        return comment

    async def _seen(self, db: Connection, viewer: Viewer, video_id: UUID) -> DiscussedVideo:
        return seen(viewer, video_id, await repository.find_video(db, video_id))

    async def _read(self, db: Connection, viewer: Viewer, video_id: UUID) -> DiscussedVideo:
        """A video of which the viewer sees the whole: comments tell what happens in all of it."""
        video = await self._seen(db, viewer, video_id)
        if viewer.grant is not None and viewer.grant.is_partial:
            raise VideoNotFound
        return video

    async def _joined(self, db: Connection, caller: Caller, video_id: UUID) -> DiscussedVideo:
        """A video that the caller may say something about."""
        video = await self._seen(db, Viewer(caller), video_id)
        if video.policy == "off":
            raise CommentsOff
        return video

    async def _owned(self, db: Connection, caller: Caller, video_id: UUID) -> DiscussedVideo:
        video = await repository.find_video(db, video_id)
        if video is None or not may_change(caller, video.owner_id):
            raise VideoNotFound
        return video


def _said(text: str) -> str:
    text = clean(text)
    if not text:
        raise NothingSaid
    return text


def _is_shown(comment: LockedComment) -> bool:
    return comment.is_read and comment.state == "shown" and comment.root_state in (None, "shown", "deleted")


def _next(rows: Sequence[CommentRow], limit: int) -> str | None:
    """`rows` holds one more than the page where another page follows."""
    return encode_cursor(rows[limit - 1].place) if len(rows) > limit else None
