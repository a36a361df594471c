"""docs/inputs.md, from the list. `python -m tests.integration.media.inputs.page` writes it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from matinee.media.faults import SENTENCES

from .case import Case, Failed, Refused
from .listed import CASES
from .memory import ENCODE_MB, LARGEST_MB, LOOK_MB

PAGE = Path(__file__).parents[4] / "docs" / "inputs.md"

_HEAD = f"""\
# What can be uploaded, and what becomes of it

Written by `make inputs` from the list that the tests go through (`tests/integration/media/inputs`): each file is
made, looked at, planned, encoded and decoded again. READY means that the length is right within a frame, the picture
has this size, and a flash and a beep come when they came in the file. FAILED means that the video says this code and
this sentence, at the first attempt. What is refused never becomes a video: `POST videos/init` answers 422.

A name is what the file is announced under, and what its owner's download of it is saved as. It is in no path: the
stored object is named by the video's id.

Whatever the file, no process outlives its limits of time and memory, and none comes near those of memory. The tests
measure every process that the most hostile of these files, and plain films, are given to. A look at a file takes less
than {LOOK_MB} MB; all qualities of a picture of up to 1080p, made together, less than {ENCODE_MB} MB; those of 4K and
8K less than {LARGEST_MB} MB. HDR of 8K, which is tone-mapped, took 2800 MB when it was tried; no test does so each
time. `MATINEE_MAX_SOURCE_PIXELS` keeps such films away.
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
    if isinstance(outcome, Refused):
        return "refused, `validation_failed`"
    size = f"{outcome.size[0]} × {outcome.size[1]}" if outcome.size else "sound alone"
    silent = ", silent" if outcome.size and outcome.beeps is None else ""
    return f"READY, {outcome.seconds:g} s, {size}{silent}"


def _remark(case: Case) -> str:
    outcome = case.outcome
    if isinstance(outcome, Refused):
        return f"`{outcome.field}`: {outcome.why}"
    said = SENTENCES[outcome.code] if isinstance(outcome, Failed) else " ".join(outcome.said)
    if case.announced:
        said += f" By the API it does not come so far: `{case.announced.field}` is refused. {case.announced.why}"
    return said


def _title(case: Case) -> str:
    """A title, without what would take it out of its cell; a file's name as one."""
    if case.group != "Names":
        return case.title
    shown = case.title if len(case.title) < 60 else f"{case.title[:3]}… ({len(case.title)} characters)"
    shown = shown.replace("\n", "⏎").replace("`", "'").replace("|", "\\|")
    return f"`{shown}`"


if __name__ == "__main__":
    PAGE.write_text(page())
