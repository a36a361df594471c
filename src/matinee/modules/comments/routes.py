"""HTTP in and out of comments."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.comments.errors import CommentNotFound, CommentsOff, NothingSaid, NotYourComment, TakenDown
from matinee.modules.comments.schemas import (
    Comment,
    CommentChange,
    CommentDecision,
    CommentId,
    CommentPage,
    CommentQuery,
    CommentReport,
    CommentSettings,
    CommentSettingsChange,
    NewComment,
    OwnCommentPage,
    ReplyPage,
    ReportedPage,
    ReviewPage,
    ReviewQuery,
)
from matinee.modules.comments.service import CommentService
from matinee.modules.videos.errors import UNSEEN, VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "comments"
COMMENTS = "/api/v1/videos/{video_id}/comments"
COMMENT = f"{COMMENTS}/{{comment_id}}"
WRITING = RateLimit("comment", 30, 600, by="user")
EDITING = RateLimit("comment-edit", 60, 600, by="user")
LIKING = RateLimit("comment-like", 300, 600, by="user")
REPORTING = RateLimit("comment-report", 30, 3600, by="user")


class CommentRoutes:
    """Operations on comments."""

    def __init__(self, comments: CommentService) -> None:
        self._comments = comments

    @operation("GET", COMMENTS, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=(*UNSEEN, InvalidCursor))
    async def list_comments(self, call: Call, db: Connection, video_id: VideoId, query: CommentQuery) -> CommentPage:
        """A video's threads: its top comments.

        For whoever may see the whole video; a playback token for a part of it does not open them.
        """
        return await self._comments.threads(db, call.viewer, video_id, query)

    @operation(
        "POST",
        COMMENTS,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(*UNSEEN, CommentNotFound, CommentsOff, NothingSaid),
        limit=WRITING,
        idempotent=True,
    )
    async def write_comment(self, call: Call, db: Connection, video_id: VideoId, body: NewComment) -> Comment:
        """Comment on a video, or answer a comment.

        Where the owner holds comments back, it is `held` until he has approved it.
        """
        return await self._comments.write(db, call.user, video_id, body)

    @operation("PATCH", COMMENTS, tag=TAG, scope="videos:write", errors=(VideoNotFound, CommentNotFound))
    async def change_comments(
        self, call: Call, db: Connection, video_id: VideoId, body: CommentSettingsChange
    ) -> CommentSettings:
        """Open, hold or turn off a video's comments, and pin one.

        Fields left out stay as they are. What was written before comments are turned off comes back with them.
        """
        return await self._comments.change_settings(db, call.user, video_id, body)

    @operation("GET", f"{COMMENTS}/review", tag=TAG, scope="videos:read", errors=(VideoNotFound, InvalidCursor))
    async def review_comments(self, call: Call, db: Connection, video_id: VideoId, query: ReviewQuery) -> ReviewPage:
        """Comments on one's video that wait for a decision, newest first."""
        return await self._comments.to_review(db, call.user, video_id, query)

    @operation("GET", "/api/v1/user/comments", tag=TAG, access=Access.PERSON, errors=(InvalidCursor,))
    async def list_own_comments(self, call: Call, db: Connection, query: PageQuery) -> OwnCommentPage:
        """What the signed-in user has said, newest first.

        On every video, whatever became of the comment; also where he may see the video no longer.
        """
        return await self._comments.own(db, call.user, query)

    @operation("GET", "/api/v1/comments/reported", tag=TAG, access=Access.ADMIN, errors=(InvalidCursor,))
    async def list_reported_comments(self, call: Call, db: Connection, query: PageQuery) -> ReportedPage:
        """Comments that are reported, on every video, newest first."""
        return await self._comments.reported(db, call.user, query)

    @operation(
        "PATCH",
        COMMENT,
        tag=TAG,
        access=Access.PERSON,
        errors=(*UNSEEN, CommentNotFound, NotYourComment, CommentsOff, NothingSaid),
        limit=EDITING,
    )
    async def edit_comment(
        self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId, body: CommentChange
    ) -> Comment:
        """Change the text of one's comment.

        Where the owner holds comments back, it is `held` again.
        """
        return await self._comments.edit(db, call.user, video_id, comment_id, body)

    @operation("DELETE", COMMENT, tag=TAG, access=Access.PERSON, errors=(*UNSEEN, CommentNotFound, NotYourComment))
    async def delete_comment(self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId) -> None:
        """Delete one's comment.

        Also where one may see the video no longer. Where something answers it, its place stays, without a name or a
        word.
        """
        await self._comments.delete(db, call.user, video_id, comment_id)

    @operation(
        "GET",
        f"{COMMENT}/replies",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, CommentNotFound, InvalidCursor),
    )
    async def list_replies(
        self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId, query: PageQuery
    ) -> ReplyPage:
        """What was answered below a top comment, oldest first."""
        return await self._comments.replies(db, call.viewer, video_id, comment_id, query)

    @operation(
        "PUT",
        f"{COMMENT}/state",
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, CommentNotFound, TakenDown),
    )
    async def decide_comment(
        self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId, body: CommentDecision
    ) -> Comment:
        """Show or hide a comment on one's video: approve, reject, take down.

        What was reported of it is settled by that. What an administrator has hidden only administrators show again.
        """
        return await self._comments.decide(db, call.user, video_id, comment_id, body.state)

    @operation(
        "POST",
        f"{COMMENT}/reports",
        tag=TAG,
        access=Access.PERSON,
        errors=(*UNSEEN, CommentNotFound, CommentsOff, NothingSaid),
        limit=REPORTING,
    )
    async def report_comment(
        self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId, body: CommentReport
    ) -> None:
        """Report a comment to whose video it is and to the administrators.

        Once: a second report of the same account is not counted.
        """
        await self._comments.report(db, call.user, video_id, comment_id, body.reason)

    @operation(
        "PUT",
        f"{COMMENT}/like",
        tag=TAG,
        access=Access.PERSON,
        errors=(*UNSEEN, CommentNotFound, CommentsOff),
        limit=LIKING,
    )
    async def like_comment(self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId) -> None:
        """Like a comment; twice is once."""
        await self._comments.like(db, call.user, video_id, comment_id, likes=True)

    @operation(
        "DELETE",
        f"{COMMENT}/like",
        tag=TAG,
        access=Access.PERSON,
        errors=(*UNSEEN, CommentNotFound, CommentsOff),
        limit=LIKING,
    )
    async def unlike_comment(self, call: Call, db: Connection, video_id: VideoId, comment_id: CommentId) -> None:
        """Like a comment no longer."""
        await self._comments.like(db, call.user, video_id, comment_id, likes=False)
