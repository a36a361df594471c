"""How playlists refuse."""

from matinee.common.errors import Conflict, Invalid, NotFound


class PlaylistNotFound(NotFound):
    """There is no such playlist, or you may not see it."""

    code = "playlist_not_found"


class ItemNotFound(NotFound):
    """Nothing in this playlist has that id; it may have been removed, list the items anew."""

    code = "playlist_item_not_found"


class TwoPlaces(Invalid):
    """An item stands in one place; say `before` or `after`, not both."""

    code = "two_places"


class PlaylistFull(Conflict):
    """A playlist holds 5,000 videos at most; remove some, or begin another one."""

    code = "playlist_full"


class TooManyPlaylists(Conflict):
    """An account has a thousand playlists at most; delete some first."""

    code = "too_many_playlists"


class WatchLaterStays(Conflict):
    """The list of what to watch later stays as it is, for you alone; take out what is in it, or make another one."""

    code = "watch_later_stays"
