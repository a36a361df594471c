"""How videos refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound


class VideoNotFound(NotFound):
    """There is no such video, or you may not see it."""

    code = "video_not_found"


class VideoNotPlayable(Conflict):
    """The video has no playable rendition yet; watch its status."""

    code = "video_not_playable"


class FragmentInUse(Conflict):
    """This partial upload is being joined with others; to be rid of it, delete the upload that joins them."""

    code = "fragment_in_use"


class PasswordRequired(Forbidden):
    """This video asks for a password: send it to POST /api/v1/videos/{video_id}/unlock."""

    code = "password_required"


UNSEEN = (VideoNotFound, PasswordRequired)
"""How whoever may not see a video is refused."""
