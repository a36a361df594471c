"""How text tracks refuse."""

from matinee.common.errors import Conflict, Invalid, NotFound
from matinee.common.validation import Fault
from matinee.media.captions.model import BadCaptions, LineFault


class NoSuchTrack(NotFound):
    """The video has no such text track."""

    code = "no_such_track"


class TooManyTracks(Conflict):
    """The video has as many text tracks as it may have; delete one first."""

    code = "too_many_tracks"


class InvalidCaptions(Invalid):
    """The file is not a usable text track; each fault names its line."""

    code = "invalid_captions"

    @classmethod
    def of(cls, bad: BadCaptions) -> "InvalidCaptions":
        """What reading the file found."""
        faults = [Fault(f"line[{fault.line}]" if fault.line else "", fault.sentence) for fault in bad.faults]
        return cls(" ".join(map(_told, bad.faults[:3])), faults=faults)


class ForcedNotSubtitles(Invalid):
    """Only subtitles can be forced."""

    code = "forced_not_subtitles"


class KindFixed(Conflict):
    """Chapters and metadata stay what they are, and nothing else becomes one: upload the file anew."""

    code = "track_kind_fixed"


class InvalidChapters(Invalid):
    """Chapters begin at different times within the video, in order."""

    code = "invalid_chapters"


class InvalidCues(Invalid):
    """Some cues show nothing, or end before they begin."""

    code = "invalid_cues"


class TrackNotReady(Conflict):
    """The track is being made, or could not be; wait until its state is `ready`."""

    code = "track_not_ready"


class SpeechUnavailable(Conflict):
    """This server cannot caption by machine; the detail says what its operator has to install or set."""

    code = "speech_unavailable"


class NoSound(Conflict):
    """The video has no sound that could be captioned."""

    code = "no_sound"


class BeingCaptioned(Conflict):
    """A machine captions this video already; wait for it, or delete the track that is being made."""

    code = "captions_being_made"


def _told(fault: LineFault) -> str:
    return f"Line {fault.line}: {fault.sentence}" if fault.line else fault.sentence
