"""How encryption refuses."""

from matinee.common.errors import Conflict, NotFound


class NotInDash(Conflict):
    """The video is encrypted by whole segments (`aes-128`), which DASH does not know; play its HLS playlist."""

    code = "not_in_dash"


class NoSuchKey(NotFound):
    """The video has no such key now; load its playlist or manifest again."""

    code = "no_such_key"
