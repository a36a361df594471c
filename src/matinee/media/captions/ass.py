"""Advanced SubStation Alpha and its forerunner (.ass, .ssa): the words and their emphasis, not the typesetting."""

from __future__ import annotations

import re

from .markup import clean, escape
from .model import Cue, Faults, Times, fault

_TIME = re.compile(r"\s*(-?)(\d{1,3}):([0-5]?\d):([0-5]?\d)[.:,](\d{1,3})\s*")
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_CODE = re.compile(r"\\(an|pos|p|b|i|u|a)(-?\d*)")
_NEEDED = ("Start", "End", "Text")


def parse_ass(text: str, faults: Faults) -> list[Cue]:
    """The dialogue in the order of the file; what is wrong is noted in `faults`."""
    times = Times(faults)
    cues: list[Cue] = []
    section, fields = "", list[str]()
    seen_events = False
    for line, row in enumerate(text.split("\n"), 1):
        if row.startswith("["):
            section = row.strip().lower()
            seen_events = seen_events or section == "[events]"
            continue
        key, colon, value = row.partition(":")
        if section != "[events]" or not colon:
            continue
        if key.strip() == "Format":
            fields = _fields(value, line)
        elif key.strip() == "Dialogue":
            cue = _dialogue(value, fields, line, faults, times)
            if cue is not None:
                cues.append(cue)
    if not seen_events:
        raise fault(0, "The file has no section `[Events]`.")
    return cues


def _fields(value: str, line: int) -> list[str]:
    fields = [name.strip() for name in value.split(",")]
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise fault(line, f"The format lacks {' and '.join(missing)}.")
    if fields[-1] != "Text":
        raise fault(line, "The last field of the format must be Text.")
    return fields


def _dialogue(value: str, fields: list[str], line: int, faults: Faults, times: Times) -> Cue | None:
    if not fields:
        raise fault(line, "A `Format` line must stand before the first dialogue.")
    values = value.split(",", len(fields) - 1)
    if len(values) < len(fields):
        faults.add(line, f"This dialogue has {len(values)} of {len(fields)} fields.")
        return None
    named = dict(zip(fields, values, strict=True))
    start, end = _milliseconds(named["Start"]), _milliseconds(named["End"])
    if start is None or end is None:
        faults.add(line, "A dialogue's Start and End are times such as `0:00:01.00`.")
        return None
    if not times.fit(start, end, line):
        return None
    words, settings = _words(named["Text"])
    return Cue(start, end, words, settings, line)


def _words(text: str) -> tuple[str, str]:
    """The cue text, and its settings."""
    made: list[str] = []
    settings, drawing = "", False
    at = 0
    for found in _OVERRIDE.finditer(text):
        if not drawing:
            made.append(_spoken(text[at : found.start()]))
        at = found.end()
        for code, value in _CODE.findall(found[1]):
            if code == "p":
                drawing = value not in ("", "0")
            elif code in "biu":
                on = value not in ("", "0")
                made.append(f"<{code}>" if on else f"</{code}>")
            elif (code == "an" and value in ("7", "8", "9")) or (code == "a" and value in ("5", "6", "7")):
                settings = "line:0"
    if not drawing:
        made.append(_spoken(text[at:]))
    return clean("".join(made)), settings


def _spoken(text: str) -> str:
    return escape(text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")


def _milliseconds(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, seconds, part = found.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 1000 + int(part.ljust(3, "0"))) * (-1 if sign else 1)
