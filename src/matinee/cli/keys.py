"""The keys of the server."""

from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from matinee.bootstrap import open_services
from matinee.common.acting import COMMAND_LINE, act_as
from matinee.common.config import Settings

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


async def rotate(settings: Settings) -> UUID:
    """Has another key sign playback tokens from now on; gives its id."""
    act_as(lambda: COMMAND_LINE)
    async with open_services(settings, name="matinee-cli") as services:
        return await services.signing_keys.rotate()


async def reseal(settings: Settings) -> None:
    """Seals everything anew with the key in use. Raises ClickException where something cannot be opened."""
    done = lost = 0
    async with open_services(settings, name="matinee-reseal") as services:
        with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Sealed", total=await services.resealing.count())
            async for some, unopened in services.resealing.run():
                done, lost = done + some - unopened, lost + unopened
                progress.update(task, advance=some)
    click.echo(f"Sealed anew: {done}.")
    if lost:
        raise click.ClickException(f"{lost} cannot be opened: the key that has sealed them is not here.")
