"""How downloads refuse."""

from matinee.common.errors import Conflict, NotFound


class NoSuchDownload(NotFound):
    """The video is not offered as this file; its owner can offer it by PUT videos/{video_id}/downloads/{name}."""

    code = "no_such_download"


class DownloadNotReady(Conflict):
    """The file is still being made; GET videos/{video_id}/downloads tells how far it is."""

    code = "download_not_ready"


class NotWhileEncrypted(Conflict):
    """The video is encrypted, and files are clear; set its `encryption` to `none` first."""

    code = "video_encrypted"
