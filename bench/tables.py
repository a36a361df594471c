"""Results: a table for people and JSON for programs."""

import json
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Table

console = Console(width=128, highlight=False)


class Target(NamedTuple):
    """What the ratio should be: at least, or at most, a bound."""

    sign: Literal["≥", "≤"]
    bound: float

    def met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.sign == "≥" else ratio <= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


class Row(NamedTuple):
    """One figure. `reference` was measured in the same run; without one, the value itself is held to the target."""

    figure: str
    value: float
    unit: str
    against: str = ""
    reference: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.target.met(self.value if self.ratio is None else self.ratio)


def progress(text: str) -> None:
    """One line of what goes on at the moment."""
    console.print(f"[dim]{time.strftime('%H:%M:%S')}  {text}[/dim]")


def report(name: str, title: str, rows: Sequence[Row], notes: Sequence[str], folder: Path) -> None:
    """Prints the table of a bench and writes `<name>.json`."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("figure")
    for heading in ("value", "unit"):
        table.add_column(heading, justify="right")
    table.add_column("against")
    for heading in ("reference", "ratio", "target", ""):
        table.add_column(heading, justify="right")
    for row in rows:
        verdict = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[row.met]
        reference = "" if row.reference is None else _number(row.reference)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        target = "" if row.target is None else str(row.target)
        table.add_row(row.figure, _number(row.value), row.unit, row.against, reference, ratio, target, verdict)
    console.print(table)
    for note in notes:
        console.print(f"  {note}")
    content = {
        "bench": name,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "rows": [
            {**row._asdict(), "target": str(row.target) if row.target else None, "ratio": row.ratio, "met": row.met}
            for row in rows
        ],
        "notes": list(notes),
    }
    (folder / f"{name}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def median(values: Sequence[float]) -> float:
    """The middle value: one disturbed round does not move it."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed, by nearest rank: of few values it is the largest."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"
