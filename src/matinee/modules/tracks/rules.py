"""What text tracks and chapters may be: pure decisions over plain values."""

from collections.abc import Iterable, Sequence

from matinee.common.validation import Fault
from matinee.media.captions.markup import plain
from matinee.media.captions.model import Cue, Format
from matinee.modules.tracks.schemas import LONGEST_TITLE, MOST_CHAPTERS, Chapter, Kind

MOST_TRACKS = 64  # a video; every one of them stands in its playlists

# The media types that say what the file is. The others leave it to the content.
FORMATS: dict[str, Format] = {
    "application/x-subrip": "srt",
    "text/srt": "srt",
    "text/vtt": "vtt",
    "text/x-ass": "ass",
    "text/x-ssa": "ass",
    "application/ttml+xml": "ttml",
}
UNSAID = ("text/plain", "application/octet-stream")


def may_become(old: Kind, new: Kind) -> bool:
    """Whether a track of one kind may be called the other: their texts are for different readers."""
    shown = ("subtitles", "captions", "descriptions")
    return old == new or (old in shown and new in shown)


def misplaced_chapters(chapters: Sequence[Chapter], duration: float | None) -> list[Fault]:
    """The chapters that do not begin after the one before, or begin after the video ends."""
    faults = []
    before = -1.0
    for index, chapter in enumerate(chapters):
        if chapter.start <= before:
            faults.append(Fault(f"items[{index}].start", "A chapter begins after the one before it."))
        elif duration is not None and chapter.start >= duration:
            faults.append(Fault(f"items[{index}].start", f"The video ends at {duration:.3f} s."))
        before = max(before, chapter.start)
    return faults


def chapters_of(cues: Iterable[Cue]) -> list[Chapter]:
    """The chapters that the cues of a track name; of several at one time the first counts."""
    found: dict[int, Chapter] = {}
    for cue in cues:
        title = plain(cue.text)[:LONGEST_TITLE].strip()
        if title:
            found.setdefault(cue.start, Chapter(cue.start / 1000, title))
    return list(found.values())[:MOST_CHAPTERS]
