"""The states of a video and who may see one: pure decisions over plain values."""

from typing import Literal
from uuid import UUID

from matinee.common.http.authentication import Caller

Status = Literal["INITIATED", "UPLOADING", "PROCESSING", "READY", "FAILED"]
Visibility = Literal["public", "unlisted", "private"]

# Every move there is. An UPDATE carries the old state in its WHERE, so a lost race changes nothing.
MOVES: dict[Status, frozenset[Status]] = {
    "INITIATED": frozenset({"UPLOADING"}),
    "UPLOADING": frozenset({"PROCESSING"}),
    "PROCESSING": frozenset({"READY", "FAILED"}),
    "READY": frozenset({"FAILED"}),  # a replacement alone, which could not take the other's place
    "FAILED": frozenset({"PROCESSING"}),  # somebody has it tried again
}


def can_move(old: Status, new: Status) -> bool:
    """Whether a video may go from one state to another."""
    return new in MOVES[old]


def version_query(edition: int) -> str:
    """What ends the address of a picture: another end for each file that the video has had.

    Also of the first: an address without it means what is present, and may not be kept unasked.
    """
    return f"?v={edition}"


def may_change(caller: Caller | None, owner_id: UUID) -> bool:
    """Whether the caller may edit or delete the video, and see it while it is private."""
    return caller is not None and (caller.user_id == owner_id or caller.role == "ADMIN")


def may_see(caller: Caller | None, owner_id: UUID, visibility: Visibility) -> bool:
    """Whether the caller may know that the video exists. Unlisted: whoever has the link."""
    return visibility != "private" or may_change(caller, owner_id)
