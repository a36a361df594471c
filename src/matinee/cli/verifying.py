"""`matinee storage verify`: whether the storage holds what the database says, and nothing else."""

from collections import Counter
from datetime import timedelta

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from matinee.bootstrap import open_services
from matinee.common.config import Settings
from matinee.common.errors import DomainError
from matinee.common.logging import configure_logging
from matinee.modules.inspection.rules import Finding
from matinee.modules.inspection.service import Inspection

console = Console(stderr=True)

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


async def verify(
    settings: Settings, *, deep: bool, repair: bool, margin_hours: int, assume_yes: bool, as_json: bool
) -> bool:
    """Prints what is wrong, a line each; True where nothing is, or all of it was repaired."""
    configure_logging("error")  # to standard error; what is found is printed
    try:
        async with open_services(settings, name="matinee-verify") as services:
            inspection = Inspection(
                services.database,
                services.storage,
                services.queue,
                services.encoding,
                margin=timedelta(hours=margin_hours),
                deep=deep,
            )
            found = await _inspect(inspection, as_json=as_json, repair=False)
            if inspection.unhashed:
                console.print(
                    f"Of {inspection.unhashed} object(s) no hash is recorded: they are older than that is done, "
                    f"or were uploaded a moment ago. {'They were' if deep else 'With --deep they are'} read."
                )
            if not repair or not found.total():
                return not found.total()
            if not assume_yes:
                _ask(found)
            # once more: much may have changed while somebody thought about it
            left = await _inspect(inspection, as_json=as_json, repair=True)
            return not left.total()
    except DomainError as error:
        raise click.ClickException(str(error)) from None


async def _inspect(inspection: Inspection, *, as_json: bool, repair: bool) -> Counter[str]:
    """Counts what is left as it is, by what would be done about it."""
    found: Counter[str] = Counter()
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        task = progress.add_task("Repair" if repair else "Verify", total=await inspection.count_videos())
        async for finding in inspection.inspect(lambda: progress.advance(task)):
            repaired = repair and await inspection.repair(finding)
            if not repaired:
                found[finding.remedy or "nothing"] += 1
            if repaired or not repair:
                _print(finding, repaired=repaired, as_json=as_json)
    return found


def _print(finding: Finding, *, repaired: bool, as_json: bool) -> None:
    if as_json:
        line = {
            "kind": finding.kind,
            "key": finding.key,
            "detail": finding.detail,
            "remedy": finding.remedy,
            "repaired": repaired,
        }
        click.echo(msgspec.json.encode(line))
    else:
        done = " Repaired." if repaired else ""
        click.echo(f"{finding.kind:<16} {finding.key}  {finding.detail}{done}")


def _ask(found: Counter[str]) -> None:
    """Whoever has the wrong database before him would lose everything."""
    click.confirm(
        f"{found['make_again']} thing(s) will be made again, {found['remove']} object(s) removed for good, "
        f"{found['nothing']} left as they are. Go on?",
        abort=True,
        err=True,
    )
