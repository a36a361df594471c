"""Cue text from wherever it comes → WebVTT cue text with the tags that every player knows, all of them closed."""

from __future__ import annotations

import html
import re

# What follows a tag's name cannot go on with it, or a long name without an end would be tried in every length.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>a-zA-Z0-9][^<>]*)?)>|<(\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3}>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_CLASSES = re.compile(r"(?:\.[a-zA-Z][a-zA-Z0-9_-]{0,31})*")
_SAME = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "c": "c", "v": "v", "lang": "lang", "ruby": "ruby"}
_KNOWN = {**_SAME, "rt": "rt"}
_ANNOTATED = frozenset(("v", "lang"))
# Styling that other players understand; its text is kept, the tag is not.
_DROPPED = frozenset(("font", "span", "p", "div", "s", "strike", "small", "big"))


def clean(text: str) -> str:
    """The text with known tags balanced, harmless ones dropped, and all else escaped.

    Whatever comes in, no `-->`, no empty line, and no tag that is not WebVTT's comes out. Cleaning twice changes
    nothing.
    """
    made: list[str] = []
    open_tags: list[str] = []
    at = 0
    for found in _TAG.finditer(text):
        made.append(escape(text[at : found.start()]))
        at = found.end()
        made.append(_tag(found, open_tags))
    made.append(escape(text[at:]))
    made += [f"</{name}>" for name in reversed(open_tags)]
    return lines("".join(made))


def plain(text: str) -> str:
    """The text without tags and entities, on one line, as titles of chapters are."""
    return " ".join(html.unescape(_TAG.sub("", clean(text))).split())


def escape(text: str) -> str:
    """Plain text as WebVTT has it; entities that are written out count as their characters."""
    decoded = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return _CONTROLS.sub("", decoded).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def lines(text: str) -> str:
    """The text without empty lines, which would end the cue."""
    ends = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.strip() for line in ends if line.strip())


def untouched(text: str) -> str:
    """The text of a cue for programs: all but what no file may hold."""
    return lines(_CONTROLS.sub("", text))


def _tag(found: re.Match[str], open_tags: list[str]) -> str:
    if not found[2]:
        return found[0]  # a time within the cue
    name = found[2].lower()
    if name == "br":
        return "\n"
    if name in _DROPPED:
        return ""
    known = _KNOWN.get(name)
    if known is None:
        return escape(found[0])
    if found[1]:
        return _close(known, open_tags)
    open_tags.append(known)
    return f"<{known}{_attributes(known, found[3])}>"


def _close(name: str, open_tags: list[str]) -> str:
    """The end tags up to that of `name`; none where it is not open."""
    if name not in open_tags:
        return ""
    closed = []
    while True:
        closed.append(open_tags.pop())
        if closed[-1] == name:
            return "".join(f"</{tag}>" for tag in closed)


def _attributes(name: str, rest: str) -> str:
    matched = _CLASSES.match(rest)
    assert matched is not None
    classes, annotation = matched[0], rest[matched.end() :]
    if name not in _ANNOTATED:
        return classes
    words = " ".join(escape(annotation).split())
    return f"{classes} {words}" if words else classes
