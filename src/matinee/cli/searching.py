"""`matinee search reindex`: everything that is searched is folded anew, while it is searched."""

import asyncio
import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from matinee.bootstrap import open_services
from matinee.common.config import Settings
from matinee.common.errors import DomainError
from matinee.common.logging import configure_logging
from matinee.modules.search.indexing import Indexer

console = Console(stderr=True)

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
_PAUSE = 0.5  # seconds between two counts, for a million videos take a tenth of one; and where workers are at it


async def reindex(settings: Settings) -> None:
    """Works beside the workers until all is done; when it is stopped, they go on."""
    configure_logging("error")  # to standard error; what was done is printed
    try:
        async with open_services(settings, name="matinee-reindex") as services:
            await _rebuild(Indexer(services.database, services.storage))
    except DomainError as error:
        raise click.ClickException(f"{error} Workers go on; run this again to see how far they are.") from None
    click.echo("Everything is indexed anew.")


async def _rebuild(indexer: Indexer) -> None:
    await indexer.begin_rebuild()
    whole = await indexer.count_left()
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        task = progress.add_task("Videos", total=whole)
        while (left := await indexer.count_left()) is not None:
            progress.update(task, completed=(whole or 0) - left)
            until = time.monotonic() + _PAUSE
            while time.monotonic() < until:
                if not (await indexer.index_some() or await indexer.rebuild_some()):
                    await asyncio.sleep(_PAUSE)
