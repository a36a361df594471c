"""How clips refuse."""

from matinee.common.errors import Invalid
from matinee.common.validation import Fault


class InvalidClip(Invalid):
    """These times are no part of the video that can be cut out; each fault names what is wrong."""

    code = "invalid_clip"

    @classmethod
    def of(cls, faults: list[Fault]) -> "InvalidClip":
        """What is wrong with a span."""
        return cls(faults[0].message, faults=faults)
