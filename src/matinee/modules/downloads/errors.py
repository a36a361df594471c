"""How downloads refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound, Unavailable


class NoSuchDownload(NotFound):
    """The video has no such file."""

    code = "no_such_download"


class DownloadNotAllowed(Forbidden):
    """The owner of this video does not let others download this file; you can watch it."""

    code = "download_not_allowed"


class DownloadIncomplete(Conflict):
    """This quality is not encoded completely yet; take another one, or try again later."""

    code = "download_incomplete"


class DownloadPreparing(Unavailable):
    """The file is being put together; try again in a few seconds."""

    code = "download_preparing"
