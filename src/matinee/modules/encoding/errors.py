"""How encoding goes wrong, beyond what the media engine itself finds wrong with a source."""

import msgspec

from matinee.media.faults import MediaFault


class Failure(msgspec.Struct, frozen=True):
    """Why a video is given up: a stable code, and a sentence for people."""

    code: str
    sentence: str

    @classmethod
    def of(cls, fault: MediaFault) -> "Failure":
        """What the media engine found."""
        return cls(fault.code, fault.sentence)


ENCODING_CRASHED = Failure("encoding_crashed", "The encoder failed on this file each time it was tried.")
SOURCE_MISSING = Failure("source_missing", "The uploaded file is no longer in storage.")


class NotTakenError(Exception):
    """The file is sound, but its video is not to be made."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.code)


class VideoGoneError(Exception):
    """The video was deleted or has failed meanwhile: nothing more is to be made of it."""


class FillingCancelledError(Exception):
    """Somebody stopped the filling of the ladder; what was recorded until now is kept."""


class EvictedError(Exception):
    """The rendition was evicted while a cell of it was made: the cell's object may be deleted."""


class RenditionGoneError(Exception):
    """The rendition was removed from its video meanwhile: nothing more is to be made of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class PlanChangedError(Exception):
    """The video has another plan than the one that is worked by; the new one is to be read."""


class InitChangedError(Exception):
    """The encoder made another init segment than the one stored: its cells would not play with the stored ones."""


class OtherWorkerError(Exception):
    """A worker with labels that this one lacks has to do it."""

    def __init__(self, needs: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(needs)))
        self.needs = needs
