"""How changes of the encoding refuse."""

from matinee.common.errors import Conflict


class NothingToRetry(Conflict):
    """Nothing of this video has failed, waits for its next try or was cancelled; GET …/encoding tells how it is."""

    code = "nothing_to_retry"


class NothingToCancel(Conflict):
    """Nothing more is made of this video by itself; GET videos/{video_id}/encoding tells how far it is."""

    code = "nothing_to_cancel"
