"""How sharing refuses."""

from matinee.common.errors import Conflict, NotFound


class NoSuchViewer(NotFound):
    """Nobody of this kind: no account has this address, or the video is not shared with it."""

    code = "no_such_viewer"


class TooManyViewers(Conflict):
    """The video is shared with as many people as one may be; for more, sign playback tokens."""

    code = "too_many_viewers"
