"""Kinds of text that people type, as types: their constraints are part of the contract."""

from typing import Annotated

from msgspec import Meta

# The end of a whole text. Python's `$` alone also matches before a last line break; other dialects' does not.
END = r"$(?!\n)"
# PostgreSQL cannot store NUL, and control characters in a title are never meant.
LINE = rf"^[^\x00-\x1f\x7f]*{END}"
TEXT = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*{END}"

Line = Annotated[str, Meta(pattern=LINE)]
Text = Annotated[str, Meta(pattern=TEXT)]
