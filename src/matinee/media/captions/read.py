"""A file of any known format → cues."""

from __future__ import annotations

import msgspec

from .ass import parse_ass
from .decode import decode
from .markup import clean, untouched
from .model import MAX_BYTES, Cue, Faults, Format, fault, in_order
from .srt import parse_srt
from .ttml import parse_ttml
from .vtt import parse_vtt


class Captions(msgspec.Struct, frozen=True):
    """A file that was read."""

    format: Format
    encoding: str
    cues: list[Cue]
    """By time."""


def read_captions(
    data: bytes, *, form: Format | None = None, charset: str | None = None, for_programs: bool = False
) -> Captions:
    """Reads a file; without `form` its beginning tells the format. Raises BadCaptions with every fault's line.

    With `for_programs` the text of WebVTT cues is data that nobody shows, and stays as it is.
    """
    if len(data) > MAX_BYTES:
        raise fault(0, f"The file has {len(data)} bytes; {MAX_BYTES} are accepted.")
    text, encoding = decode(data, charset)
    form = form or _format_of(text)
    faults = Faults()
    if form == "srt":
        cues = parse_srt(text, faults)
    elif form == "vtt":
        cues = parse_vtt(text, faults, untouched if for_programs else clean)
    elif form == "ass":
        cues = parse_ass(text, faults)
    else:
        cues = parse_ttml(text, faults)
    faults.check()
    return Captions(form, encoding, in_order(cues))


def salvage_vtt(data: bytes) -> list[Cue]:
    """What is usable of WebVTT that a program made of somebody's film. Raises BadCaptions where nothing is."""
    return in_order(parse_vtt(decode(data, "utf-8").text, Faults(forgiving=True)))


def read_stored(data: bytes) -> list[Cue]:
    """The cues of a file that `write_vtt` wrote."""
    return parse_vtt(data.decode(), Faults(forgiving=True), untouched)


def _format_of(text: str) -> Format:
    start = text[:1024].lstrip()
    if start.startswith("WEBVTT"):
        return "vtt"
    if start.startswith("<"):
        return "ttml"
    return "ass" if start.startswith(("[Script Info]", "[V4", "[Events]", ";")) else "srt"
