"""How channels refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound


class ChannelNotFound(NotFound):
    """There is no such channel."""

    code = "channel_not_found"


class NotYourChannel(Forbidden):
    """This channel is another account's; those of teams are for their owners and editors."""

    code = "not_your_channel"


class HandleTaken(Conflict):
    """This handle is another channel's, or was until lately; choose another one."""

    code = "handle_taken"


class HandleReserved(Conflict):
    """Nobody can have this handle; choose another one."""

    code = "handle_reserved"


class TooManyHandles(Conflict):
    """Three former handles are kept for this channel; go back to one of them, or wait until one is free."""

    code = "too_many_handles"


class NoChannelPicture(NotFound):
    """The channel has no such picture."""

    code = "no_channel_picture"
