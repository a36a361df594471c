"""The states of a video and who may see one: pure decisions over plain values."""

from collections.abc import Iterable
from typing import Literal

Status = Literal["INITIATED", "UPLOADING", "PROCESSING", "READY", "FAILED"]
Visibility = Literal["public", "unlisted", "private", "signed", "password"]

Choosable = Literal["public", "unlisted", "private", "signed"]
"""All but `password`, which comes with the password itself."""

OPEN: frozenset[Visibility] = frozenset({"public", "unlisted"})
"""Whoever has the address may watch."""

Encryption = Literal["none", "aes-128", "cenc", "cbcs"]

# Every move there is. An UPDATE carries the old state in its WHERE, so a lost race changes nothing.
MOVES: dict[Status, frozenset[Status]] = {
    "INITIATED": frozenset({"UPLOADING", "FAILED"}),  # FAILED: the storage has dropped what it was to be joined of
    "UPLOADING": frozenset({"PROCESSING", "FAILED"}),  # FAILED: its file could not be fetched, or was dropped
    "PROCESSING": frozenset({"READY", "FAILED"}),
    # a replacement that could not take the other's place, and a file that turns out to be another than announced
    "READY": frozenset({"FAILED"}),
    "FAILED": frozenset({"PROCESSING", "UPLOADING"}),  # somebody has it tried again
}


def can_move(old: Status, new: Status) -> bool:
    """Whether a video may go from one state to another."""
    return new in MOVES[old]


def distinct_tags(tags: Iterable[str]) -> list[str]:
    """Without blanks around them, each once; of those that differ in case alone the first."""
    kept: dict[str, str] = {}
    for tag in tags:
        if name := tag.strip():
            kept.setdefault(name.casefold(), name)
    return list(kept.values())


def version_query(edition: int) -> str:
    """What ends the address of a picture: another end for each file that the video has had.

    Also of the first: an address without it means what is present, and may not be kept unasked.
    """
    return f"?v={edition}"
