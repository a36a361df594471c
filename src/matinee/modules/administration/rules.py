"""How accounts are searched: a pure decision."""

import re


def pattern(text: str) -> str:
    """What LIKE finds a text by, anywhere and in any case."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text.lower()) + "%"
