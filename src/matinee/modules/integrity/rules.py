"""Which videos have the same file as another had before. Pure."""

from collections.abc import Iterable
from uuid import UUID

from matinee.modules.integrity.repository import ShownRow


def find_firsts(shown: Iterable[ShownRow]) -> dict[UUID, UUID]:
    """By video, the first that shows the same file; `shown` are all of an owner's that do, oldest first.

    Not of those that know. What has failed is nobody's first, nor is what a video is about to replace.
    """
    firsts: list[UUID] = []
    found: dict[UUID, UUID] = {}
    for row in shown:
        first = next((video for video in firsts if video != row.replaces), None)
        if first is not None and row.duplicate_of is None:
            found[row.id] = first
        if row.replaces is None and row.status != "FAILED":
            firsts.append(row.id)
    return found
