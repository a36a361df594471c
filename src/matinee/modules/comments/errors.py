"""How comments refuse."""

from matinee.common.errors import Conflict, Forbidden, Invalid, NotFound


class CommentNotFound(NotFound):
    """There is no such comment, or you may not see it."""

    code = "comment_not_found"


class CommentsOff(Conflict):
    """Comments are turned off for this video; its owner can turn them on."""

    code = "comments_off"


class NotYourComment(Forbidden):
    """Only its author may change a comment; report it, or as the video's owner hide it."""

    code = "not_your_comment"


class TakenDown(Forbidden):
    """An administrator has hidden this comment; only an administrator shows it again."""

    code = "taken_down"


class NothingSaid(Invalid):
    """There is nothing to read in this comment; write some words."""

    code = "nothing_said"
