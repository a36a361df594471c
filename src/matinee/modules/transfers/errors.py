"""How transfers refuse."""

from matinee.common.errors import Conflict


class NotTransferable(Conflict):
    """The video is being uploaded, or was transferred by somebody else just now; look at it and try again."""

    code = "not_transferable"
