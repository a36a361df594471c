"""Names as people see them."""

from __future__ import annotations

from collections.abc import Sequence


def one_line(text: object) -> str:
    """A title on one line, without what cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def unique_names(wanted: Sequence[str]) -> list[str]:
    """These names, numbered where several are the same: players tell tracks apart by them."""
    names: list[str] = []
    for first in wanted:
        name, number = first, 1
        while name in names:
            number += 1
            name = f"{first} ({number})"
        names.append(name)
    return names
