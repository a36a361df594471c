"""Rows → what is shown of them."""

from uuid import UUID

import msgspec

from matinee.modules.channels.rules import picture_path
from matinee.modules.comments.repository import CommentRow, OwnRow, ReviewedRow
from matinee.modules.comments.schemas import Author, Comment, OwnComment, Person, ReviewedComment
from matinee.modules.videos.schemas import VideoSummary

_read_people = msgspec.json.Decoder(list[Person]).decode


def comment_of(row: CommentRow) -> Comment:
    """A comment; of one whose account is gone, or shut out, its place alone, whether upkeep has emptied it or not."""
    author = _author_of(row.author_id, row) if row.author_id else None
    return Comment(
        str(row.id),
        str(row.video_id),
        str(row.root_id) if row.root_id else None,
        str(row.parent_id) if row.parent_id else None,
        author,
        row.state if author else "deleted",
        row.text if author else "",
        _read_people(row.mentioned) if author else [],
        row.replies,
        row.likes,
        row.liked,
        row.created_at,
        row.edited_at,
    )


def _author_of(author_id: UUID, row: CommentRow) -> Author:
    avatar = picture_path(author_id, "avatar", row.author_avatar)
    return Author(str(author_id), row.author_name or "", row.author_handle, avatar)


def reviewed_of(row: ReviewedRow) -> ReviewedComment:
    """A comment for whoever moderates it."""
    return ReviewedComment(**msgspec.structs.asdict(comment_of(row)), reports=row.reports, reasons=row.reasons)


def own_of(row: OwnRow, video: VideoSummary | None) -> OwnComment:
    """A comment for its author."""
    return OwnComment(
        str(row.id),
        str(row.video_id),
        video,
        str(row.parent_id) if row.parent_id else None,
        row.state,
        row.text,
        row.created_at,
        row.edited_at,
    )
