"""docs/inputs.md, from the list. `python -m tests.integration.media.inputs.page` writes it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from matinee.media.faults import SENTENCES

from .case import Case, Failed
from .listed import CASES

PAGE = Path(__file__).parents[4] / "docs" / "inputs.md"

_HEAD = """\
# What can be uploaded, and what becomes of it

Written by `make inputs` from the list that the tests go through (`tests/integration/media/inputs`): each file is
made, looked at, planned, encoded and decoded again. READY means that the length is right within a frame, the picture
has this size, and a flash and a beep come when they came in the file. FAILED means that the video says this code and
this sentence, at the first attempt. Whatever the file, no process outlives its limits of time and memory.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(group, list(cases)) for group, cases in groupby(CASES, lambda c: c.group))])


def _section(group: str, cases: list[Case]) -> str:
    rows = [f"| {_title(case)} | {_outcome(case)} | {_remark(case)} |" for case in cases]
    return "\n".join([f"## {group}", "| file | becomes | because |", "|---|---|---|", *rows, ""])


def _outcome(case: Case) -> str:
    outcome = case.outcome
    if isinstance(outcome, Failed):
        return f"FAILED `{outcome.code}`"
    size = f"{outcome.size[0]} × {outcome.size[1]}" if outcome.size else "sound alone"
    silent = ", silent" if outcome.size and outcome.beeps is None else ""
    return f"READY, {outcome.seconds:g} s, {size}{silent}"


def _remark(case: Case) -> str:
    outcome = case.outcome
    return SENTENCES[outcome.code] if isinstance(outcome, Failed) else " ".join(outcome.said)


def _title(case: Case) -> str:
    """A title, without what would take it out of its cell; a file's name as one."""
    if case.group != "Names":
        return case.title
    shown = case.title if len(case.title) < 60 else f"{case.title[:3]}… ({len(case.title)} characters)"
    shown = shown.replace("\n", "⏎").replace("`", "'").replace("|", "\\|")
    return f"`{shown}`"


if __name__ == "__main__":
    PAGE.write_text(page())
