"""How playback refuses."""

from matinee.common.errors import NotFound, Unavailable


class NoSuchCell(NotFound):
    """The video has no such recipe, rendition or cell; take the addresses from its playlists."""

    code = "no_such_cell"


class NoTranscript(NotFound):
    """The video has no subtitles or captions in this language that a transcript could be made of."""

    code = "no_transcript"


class CellNotReady(Unavailable):
    """This part of the video is being encoded; ask again in a moment."""

    code = "cell_not_ready"

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class ViewerLeftError(Exception):
    """Whoever waited has closed the connection: nobody is there to be answered."""
