"""How videos refuse."""

from matinee.common.errors import Conflict, NotFound


class VideoNotFound(NotFound):
    """There is no such video, or you may not see it."""

    code = "video_not_found"


class VideoNotPlayable(Conflict):
    """The video has no playable rendition yet; watch its status."""

    code = "video_not_playable"
