"""How replacements refuse."""

from matinee.common.errors import Conflict, Invalid
from matinee.common.validation import Fault


class ReplacementAwaited(Conflict):
    """Another file is to take this one's place; wait until it has, or abort its upload, and ask again."""

    code = "replacement_awaited"


class InvalidTrim(Invalid):
    """These times are no part of the video that can be left; each fault names what is wrong."""

    code = "invalid_trim"

    @classmethod
    def of(cls, faults: list[Fault]) -> "InvalidTrim":
        """What is wrong with a span."""
        return cls(faults[0].message, faults=faults)


class NotTrimmed(Conflict):
    """The video shows all of its file already."""

    code = "not_trimmed"


class ClipHasNoFile(Conflict):
    """A clip has no file of its own to go back to; cut it from its video again."""

    code = "clip_has_no_file"
