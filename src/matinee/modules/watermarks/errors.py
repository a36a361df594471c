"""How watermarks refuse."""

from matinee.common.errors import NotFound


class NoWatermark(NotFound):
    """The video has no watermark; send a PNG to give it one."""

    code = "no_watermark"
