"""What a comment may hold and when it is seen: pure decisions over plain values."""

import re
import unicodedata
from typing import Literal

Policy = Literal["off", "held", "open"]
State = Literal["shown", "held", "hidden", "deleted"]
Decision = Literal["shown", "hidden"]
Sort = Literal["newest", "top"]
Queue = Literal["held", "hidden", "reported"]

MOST_CHARACTERS = 2000
MOST_MENTIONS = 10
MOST_COUNTED = 100  # of what waits for a decision: as many as it costs nothing to count
_MOST_MARKS = 8  # on a letter: more than any language needs, fewer than cover the lines around

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a symbol, by their category, that leave nothing
_JOINERS = "\u200c\u200d"  # half of the world's scripts are spelt with them, and many emoji
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_MANY_BREAKS = re.compile(r"\n{3,}")
_SPACES_BEFORE_BREAK = re.compile(r"[^\S\n]+(?=\n)")


def clean(text: str) -> str:
    """The text as it is stored and shown: what is seen of it is all that there is.

    No control characters, no marks of direction, nothing invisible; in the normal form C.
    """
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    kept = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        is_sound = category not in ("Cc", "Cf", "Cs", "Co", "Cn") or character in _JOINERS or character == "\n"
        if is_sound and marks <= _MOST_MARKS:
            kept.append(character)
    text = _SPACES_BEFORE_BREAK.sub("", "".join(kept))
    text = _MANY_BREAKS.sub("\n\n", text).strip()
    return text if any(is_seen(character) for character in text) else ""


def is_seen(character: str) -> bool:
    """Whether it leaves anything on the screen."""
    category = unicodedata.category(character)
    return not character.isspace() and category not in ("Cf", "Mn", "Me", "Zs") and character not in _BLANKS


def first_state(policy: Policy, *, moderates: bool) -> State:
    """How a new comment begins, and one that is edited goes on."""
    return "held" if policy == "held" and not moderates else "shown"


def counted(state: State, replies: int, root: State | None) -> int:
    """How many comments of a video are seen because this one is where it is; `root` is its top comment's state."""
    if root in ("held", "hidden") or state in ("held", "hidden"):
        return 0
    return replies + (state == "shown")
