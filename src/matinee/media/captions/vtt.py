"""WebVTT (W3C): read, written, and cut into the segments of a playlist.

Style sheets and regions of a file are dropped: they would let a file restyle the page that plays it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .cutting import cues_within
from .markup import clean
from .model import Cue, Faults, Times, fault

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_TIME = r"(-?)(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:[ \t]+(.*))?\s*")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_PERCENT = r"(?:100|\d{1,2})(?:\.\d{1,6})?%"
_SETTING = re.compile(
    rf"vertical:(?:rl|lr)|line:(?:-?\d{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?"
    rf"|position:{_PERCENT}(?:,(?:line-left|center|line-right))?|size:{_PERCENT}"
    r"|align:(?:start|center|end|left|right)"
)
_WANTED = "Here must stand a cue's times, such as `00:00:01.000 --> 00:00:04.000`."

TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"
"""Second 0 of the cues is timestamp 0 of our segments: the grid begins there."""


def parse_vtt(text: str, faults: Faults, read: Callable[[str], str] = clean) -> list[Cue]:
    """The cues in the order of the file; what is wrong is noted in `faults`. `read` makes cue text of their lines."""
    rows = text.split("\n")
    if _SIGNATURE.fullmatch(rows[0]) is None:
        raise fault(1, "A WebVTT file begins with the line `WEBVTT`.")
    times = Times(faults)
    cues: list[Cue] = []
    at = 1
    while at < len(rows) and rows[at].strip() and "-->" not in rows[at]:  # the header
        at += 1
    while at < len(rows):
        if not rows[at].strip():
            at += 1
            continue
        begin, at = at, _block_end(rows, at)
        if _BLOCK.fullmatch(rows[begin]):
            continue
        body = begin if "-->" in rows[begin] else begin + 1
        found = _TIMES.fullmatch(rows[body]) if body < at else None
        if found is None:
            faults.add(min(body, at - 1) + 1, _WANTED)
            continue
        second = next((row for row in range(body + 1, at) if "-->" in rows[row]), None)
        if second is not None:
            faults.add(second + 1, "An empty line must stand before the next cue.")
            continue
        start, end = _milliseconds(found, 1), _milliseconds(found, 6)
        if times.fit(start, end, body + 1):
            cues.append(Cue(start, end, read("\n".join(rows[body + 1 : at])), known_settings(found[11]), body + 1))
    return cues


def write_vtt(cues: Iterable[Cue]) -> str:
    """A whole file."""
    return _file("WEBVTT", cues)


def cut_vtt(cues: Sequence[Cue], bounds: Sequence[int]) -> list[str]:
    """The segments between the `bounds`, in microseconds, as HLS wants them: a cue stands in each that it touches.

    Its times stay those of the whole, so that players take it for one cue. An empty line ends each segment: FFmpeg
    reads them as one file, and would take the next one's head for text of the last cue.
    """
    return [_file(f"WEBVTT\n{TIMESTAMP_MAP}", part) + "\n" for part in cues_within(cues, bounds)]


def _file(head: str, cues: Iterable[Cue]) -> str:
    return "\n\n".join([head, *map(_block, cues)]) + "\n"


def _block(cue: Cue) -> str:
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{_time(cue.start)} --> {_time(cue.end)}{settings}\n{cue.text}"


def _time(milliseconds: int) -> str:
    seconds, part = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:03}"


def _block_end(rows: list[str], at: int) -> int:
    while at < len(rows) and rows[at].strip():
        at += 1
    return at


def known_settings(text: str | None) -> str:
    """The settings that are understood; of two of a kind the last counts."""
    known = [word for word in (text or "").split() if _SETTING.fullmatch(word)]
    return " ".join({word.partition(":")[0]: word for word in known}.values())


def _milliseconds(found: re.Match[str], group: int) -> int:
    sign, hours, minutes, seconds, part = (found[group + place] for place in range(5))
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 1000 + int(part)) * (-1 if sign else 1)
