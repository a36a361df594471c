"""SubRip (.srt)."""

from __future__ import annotations

import re

from .markup import clean
from .model import Cue, Faults, Times

_TIME = r"(-?)(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[,.](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_CODES = re.compile(r"\{\\[^{}]*\}")  # of ASS, which players understand here too
_TOP = re.compile(r"\{\\an[789]\}")
_WANTED = "Here must stand a cue's times, such as `00:00:01,000 --> 00:00:04,000`."


def parse_srt(text: str, faults: Faults) -> list[Cue]:
    """The cues in the order of the file; what is wrong is noted in `faults`."""
    rows = text.split("\n")
    times = Times(faults)
    cues: list[Cue] = []
    at = 0
    while at < len(rows):
        if not rows[at].strip():
            at += 1
            continue
        if _is_number(rows[at]) and at + 1 < len(rows) and rows[at + 1].strip():
            at += 1
        line = at + 1
        found = _TIMES.fullmatch(rows[at])
        body = at + 1 if found else at
        at = body
        while at < len(rows) and rows[at].strip():
            at += 1
        if found is None:
            faults.add(line, _WANTED)
            continue
        start, end = _milliseconds(found, 1), _milliseconds(found, 6)
        if times.fit(start, end, line):
            raw = "\n".join(rows[body:at])
            settings = "line:0" if _TOP.search(raw) else ""
            cues.append(Cue(start, end, clean(_CODES.sub("", raw)), settings, line))
    return cues


def _is_number(row: str) -> bool:
    stripped = row.strip()
    return stripped.isascii() and stripped.isdigit()


def _milliseconds(found: re.Match[str], group: int) -> int:
    sign, hours, minutes, seconds, part = (found[group + place] for place in range(5))
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 1000 + int((part or "0").ljust(3, "0"))) * (-1 if sign else 1)
