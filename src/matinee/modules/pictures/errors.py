"""How pictures refuse."""

from matinee.common.errors import Invalid, NotFound, Unavailable


class NoPoster(NotFound):
    """The video has no poster."""

    code = "no_poster"


class NoPicture(NotFound):
    """The video has sound alone, so there are no pictures of it."""

    code = "no_picture"


class NoStoryboard(NotFound):
    """The video has no storyboard yet; it is made when the smallest rendition is complete."""

    code = "no_storyboard"


class NoSuchSheet(NotFound):
    """The storyboard has no such sheet; take the addresses from it."""

    code = "no_such_sheet"


class NoPreview(NotFound):
    """The video has no preview yet; it is made when the smallest rendition is complete."""

    code = "no_preview"


class BadImage(Invalid):
    """The image cannot be used: it must be a JPEG, PNG or WebP that can be decoded."""

    code = "bad_image"


class PictureNotReady(Unavailable):
    """This part of the video is not encoded yet; ask again later."""

    code = "picture_not_ready"

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class PictureFailed(Unavailable):
    """The picture could not be made; ask again later."""

    code = "picture_failed"

    def __init__(self) -> None:
        super().__init__(retry_after=30)


class TooManyPictures(Unavailable):
    """Too many pictures are being made at the moment; ask again in a moment."""

    code = "too_many_pictures"

    def __init__(self) -> None:
        super().__init__(retry_after=2)


class OtherVersionError(Exception):
    """The address names another version of the picture than the present one."""
