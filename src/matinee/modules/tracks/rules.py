"""What text tracks and chapters may be: pure decisions over plain values."""

from collections.abc import Iterable, Sequence

from matinee.common.validation import Fault
from matinee.media.captions.markup import clean, plain, untouched
from matinee.media.captions.model import Cue, Format
from matinee.media.captions.vtt import known_settings
from matinee.media.speech.languages import english_name
from matinee.modules.tracks.schemas import LONGEST_TITLE, MOST_CHAPTERS, Chapter, EditedCue, Kind, TrackFailure

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


def cut_chapters(chapters: Sequence[Chapter], start: float, end: float) -> list[Chapter]:
    """The chapters of a clip that lasts from `start` to `end`: the one it begins in, and those that begin in it."""
    began = [chapter for chapter in chapters if chapter.start <= start][-1:]
    begin = [chapter for chapter in chapters if start < chapter.start < end]
    return [Chapter(round(max(chapter.start - start, 0.0), 3), chapter.title) for chapter in (*began, *begin)]


def restored_chapters(
    part: Sequence[Chapter], whole: Sequence[Chapter], start: float, length: float
) -> list[Chapter]:
    """The chapters of the whole, of which `part` were those from `start` on, in seconds, unless edited since."""
    if list(part) == cut_chapters(whole, start, start + length):
        return list(whole)
    before = [chapter for chapter in whole if chapter.start < start]
    shifted = [Chapter(round(chapter.start + start, 3), chapter.title) for chapter in part]
    if before and shifted and shifted[0] == Chapter(round(start, 3), before[-1].title):  # the part began within it
        del shifted[0]
    return [*before, *shifted, *(chapter for chapter in whole if chapter.start >= start + length)]


def chapters_of(cues: Iterable[Cue]) -> list[Chapter]:
    """The chapters that the cues of a track name; of several at one time the first counts."""
    found: dict[int, Chapter] = {}
    for cue in cues:
        title = plain(cue.text)[:LONGEST_TITLE].strip()
        if title:
            found.setdefault(cue.start, Chapter(cue.start / 1000, title))
    return list(found.values())[:MOST_CHAPTERS]


NO_SPEECH = "no_speech"
SPEECH_FAILED = "speech_failed"
SOUND_MISSING = "sound_missing"

FAILURES = {
    NO_SPEECH: "No speech was heard.",
    SPEECH_FAILED: "The program that listens failed each time it was tried.",
    "language_not_heard": "The server's speech model does not know this language.",
    "model_altered": "The server's speech model is not the one that was expected; install it anew.",
    "model_unusable": "The server's speech model cannot be loaded.",
    SOUND_MISSING: "The video's sound could not be made.",
}
"""Why a machine made no captions, by code."""

_BY_MACHINE = " (auto-generated)"


def failure_of(code: str | None) -> TrackFailure | None:
    """Why a track could not be made, for people."""
    return None if code is None else TrackFailure(code=code, detail=FAILURES.get(code, FAILURES[SPEECH_FAILED]))


def machine_name(language: str) -> str:
    """What the menu says of captions that nobody has read."""
    return f"{english_name(language)}{_BY_MACHINE}"


def edited_name(name: str) -> str:
    """What the menu says when somebody has: the language's own name, unless it was named by a person."""
    return "" if name.endswith(_BY_MACHINE) else name


def cues_to_edit(cues: Iterable[Cue]) -> list[EditedCue]:
    """Stored cues in seconds."""
    return [
        EditedCue(start=cue.start / 1000, end=cue.end / 1000, text=cue.text, settings=cue.settings) for cue in cues
    ]


def edited_cues(items: Sequence[EditedCue], *, for_programs: bool) -> tuple[list[Cue], list[Fault]]:
    """The cues as they are stored, and what is wrong with them."""
    cues, faults = [], []
    for index, item in enumerate(items):
        text = untouched(item.text) if for_programs else clean(item.text)
        start, end = round(item.start * 1000), round(item.end * 1000)
        if not text:
            faults.append(Fault(f"items[{index}].text", "The cue shows nothing."))
        if end <= start:
            faults.append(Fault(f"items[{index}].end", "The cue ends before it begins."))
        cues.append(Cue(start, end, text, known_settings(item.settings)))
    return cues, faults
