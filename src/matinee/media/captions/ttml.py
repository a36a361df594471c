"""TTML (W3C), also as IMSC and EBU-TT-D: paragraphs with their times, lines and emphasis.

Read by expat without document types, so there are no entities to expand and nothing to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from xml.parsers import expat

import msgspec

from .markup import clean, escape
from .model import MAX_TIME, Cue, Faults, Times, fault

_MAX_DEPTH = 64
_NAMESPACE = re.compile(r"http://www\.w3\.org/(?:ns/ttml|\d{4}/\d{2}/ttaf1)")
_CLOCK = re.compile(r"(\d{2,4}):([0-5]\d):([0-5]\d)(?:\.(\d{1,9})|:(\d{1,3})(?:\.\d{1,3})?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_UNITS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_SPACE = re.compile(r"[ \t\n\r]+")
_TIMED = frozenset(("body", "div", "p", "span"))
_EMPHASIS = (
    ("fontStyle", ("italic", "oblique"), "i"),
    ("fontWeight", ("bold",), "b"),
    ("textDecoration", ("underline",), "u"),
)


class _Clock(msgspec.Struct, frozen=True):
    """What the root says of frames and ticks."""

    frame_rate: Fraction
    tick_rate: int


class _Element(msgspec.Struct):
    """An open element: from when to when it is shown, in milliseconds, and the tags to close with it."""

    name: str
    start: int
    end: int
    line: int
    tags: list[str]
    words: list[str] | None = None
    """What it collects, where it makes a cue of its own."""


def parse_ttml(text: str, faults: Faults) -> list[Cue]:
    """The cues in the order of the file; what is wrong is noted in `faults`."""
    reader = _Reader(faults)
    parser = expat.ParserCreate("UTF-8", " ")
    parser.buffer_text = True
    reader.watch(parser)
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)  # its last argument has no name
    except expat.ExpatError as error:
        raise fault(error.lineno, f"The XML is broken: {expat.ErrorString(error.code)}.") from None
    if not reader.is_ttml:
        raise fault(1, "The root element is not TTML's `tt`.")
    return reader.cues


class _Reader:
    """Takes expat's events."""

    def __init__(self, faults: Faults) -> None:
        self.cues: list[Cue] = []
        self.is_ttml = False
        self._faults = faults
        self._times = Times(faults)
        self._open: list[_Element] = []
        self._styles: dict[str, list[str]] = {}
        self._clock = _Clock(Fraction(30), 1)
        self._parser: expat.XMLParserType

    def watch(self, parser: expat.XMLParserType) -> None:
        self._parser = parser
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    def _refuse(self, *_: object) -> None:
        raise fault(self._line, "A document type declaration is not accepted.")

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        if len(self._open) >= _MAX_DEPTH:
            raise fault(self._line, f"The elements are nested deeper than {_MAX_DEPTH}.")
        if not _NAMESPACE.match(namespace):
            name = ""  # metadata of other vocabularies
        given = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if not self._open:
            self.is_ttml = name == "tt"
            self._clock = _clock(given)
        if name == "style" and "id" in given:
            self._styles[given["id"]] = _tags(given)
        self._open.append(self._element(name, given))

    def _element(self, name: str, given: dict[str, str]) -> _Element:
        parent = self._open[-1] if self._open else None
        start, end = (parent.start, parent.end) if parent else (0, MAX_TIME)
        if name in _TIMED:
            start, end = self._span(given, start, end)
        element = _Element(name, start, end, self._line, [])
        if name == "p" or (name == "span" and ("begin" in given or "end" in given or "dur" in given)):
            element.words = []
        if name == "br":
            self._say("\n")
        if name in ("p", "span"):
            styled = [tag for style in given.get("style", "").split() for tag in self._styles.get(style, ())]
            element.tags = list(dict.fromkeys([*styled, *_tags(given)]))
            self._open.append(element)
            self._say("".join(f"<{tag}>" for tag in element.tags))
            self._open.pop()
        return element

    def _span(self, given: dict[str, str], start: int, end: int) -> tuple[int, int]:
        """From when to when an element is shown; times count from its parent's begin."""
        begin, until, lasts = (self._time(given, key) for key in ("begin", "end", "dur"))
        begins = start + (begin or 0)
        ends = [end]
        if until is not None:
            ends.append(start + until)
        if lasts is not None:
            ends.append(begins + lasts)
        if min(ends) < begins and (until is not None or lasts is not None):
            self._times.fit(begins, min(ends), self._line)
        return begins, min(ends)

    def _time(self, given: dict[str, str], key: str) -> int | None:
        text = given.get(key)
        if text is None:
            return None
        seconds = _seconds(text.strip(), self._clock)
        if seconds is None:
            self._faults.add(self._line, f"`{key}` is no time: {text[:40]!r}.")
            return None
        return round(seconds * 1000)

    def _text(self, data: str) -> None:
        within = any(element.name == "p" for element in self._open)
        if within and self._open[-1].name in ("p", "span"):
            self._say(escape(_SPACE.sub(" ", data)))

    def _say(self, words: str) -> None:
        """Adds to the cue that is being read."""
        for element in reversed(self._open):
            if element.words is not None:
                element.words.append(words)
                return

    def _end(self, _: str) -> None:
        element = self._open[-1]
        self._say("".join(f"</{tag}>" for tag in reversed(element.tags)))
        self._open.pop()
        if element.words is None:
            return
        words = clean("".join(element.words))
        if not words:
            return
        if element.end >= MAX_TIME:
            self._faults.add(element.line, "This paragraph has no end.")
        elif self._times.fit(element.start, max(element.start, element.end), element.line):
            self.cues.append(Cue(element.start, element.end, words, "", element.line))


def _tags(given: Mapping[str, str]) -> list[str]:
    return [tag for name, values, tag in _EMPHASIS if given.get(name) in values]


def _clock(given: Mapping[str, str]) -> _Clock:
    rate = Fraction(_number(given.get("frameRate"), 30))
    multiplier = given.get("frameRateMultiplier", "").replace(":", " ").split()
    if len(multiplier) == 2:
        rate *= Fraction(_number(multiplier[0], 1), _number(multiplier[1], 1))
    ticks = _number(given.get("tickRate"), int(rate) if "frameRate" in given else 1)
    return _Clock(rate, ticks)


def _number(text: str | None, default: int) -> int:
    """A whole number above 0, else the default."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return default
    return int(text) or default


def _seconds(text: str, clock: _Clock) -> Fraction | None:
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds, part, frames = found.groups()
        whole = Fraction((int(hours) * 60 + int(minutes)) * 60 + int(seconds))
        if part:
            return whole + Fraction(int(part), 10 ** len(part))
        return whole + int(frames or 0) / clock.frame_rate
    if found := _OFFSET.fullmatch(text):
        amount, unit = Fraction(found[1]), found[2]
        if unit == "f":
            return amount / clock.frame_rate
        return amount / clock.tick_rate if unit == "t" else amount * _UNITS[unit]
    return None
