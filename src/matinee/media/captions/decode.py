"""Bytes → text: by what the sender declares, by a byte order mark, as UTF-8, or else as Windows' Latin."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from .model import fault

FALLBACK = "windows-1252"
"""How a file is read that is not UTF-8 and says nothing: what most old subtitle files are."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What `charset` may name: text encodings alone, not whatever else Python calls a codec.
_ENCODING = re.compile(
    r"us-ascii|iso-8859-(?:[1-9]|1[013-6])|windows-125[0-8]|koi8-[ru]|shift_jis|euc-jp|gbk|gb18030|big5|euc-kr"
    r"|utf-8|utf-16(?:le|be)?"
)


class Decoded(NamedTuple):
    """A file's text, and how it was read."""

    text: str
    encoding: str


def decode(data: bytes, charset: str | None = None) -> Decoded:
    """The text with `\\n` line ends and without byte order mark. Raises BadCaptions."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _as(data[len(mark) :], encoding)
    if charset is not None:
        name = charset.strip().strip('"').lower()
        if _ENCODING.fullmatch(name) is None:
            raise fault(0, f"The encoding {name[:40]!r} is not supported; send UTF-8.")
        return _as(data, {"utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}.get(name, name))
    if b"\x00" in data[:64]:  # no text has it, but every second byte of Latin text in UTF-16
        return _as(data, "utf-16-be" if data[:1] == b"\x00" else "utf-16-le")
    try:
        return _as_is(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        try:
            return _as_is(data.decode("cp1252"), FALLBACK)
        except UnicodeDecodeError:  # it leaves five bytes undefined
            return _as_is(data.decode("latin-1"), "iso-8859-1")


def _as(data: bytes, encoding: str) -> Decoded:
    try:
        return _as_is(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line = before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        raise fault(line, f"This line is not valid {encoding}.") from None


def _as_is(text: str, encoding: str) -> Decoded:
    return Decoded(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding)
