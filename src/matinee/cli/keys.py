"""The keys of the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from matinee.bootstrap import Services, module_keys, open_services, secret_keys
from matinee.common.acting import COMMAND_LINE, act_as
from matinee.common.config import ConfigError, Settings
from matinee.common.errors import Unavailable
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.port import KeysUnavailable, RootKey

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


async def rotate(settings: Settings) -> UUID:
    """Has another key sign playback tokens from now on; gives its id."""
    act_as(lambda: COMMAND_LINE)
    async with open_services(settings, name="matinee-cli") as services:
        return await services.signing_keys.rotate()


def make(settings: Settings) -> None:
    """Makes the keys that the settings name and the module does not have."""
    if settings.key_module is None:
        raise click.ClickException("Set MATINEE_KEY_MODULE and the like: where are they to be?")
    try:
        for key in module_keys(settings, makes=True):
            click.echo(f"{key.id}: {'made' if key.make() else 'is there'}.")
    except (ConfigError, KeysUnavailable) as error:
        raise click.ClickException(str(error)) from None


async def show(settings: Settings) -> None:
    """Lists the keys, the one in use first, and tells how much others have sealed."""
    keys: list[RootKey] = [*module_keys(settings), *secret_keys(settings)]
    for place, key in enumerate(keys):
        holder = "this process" if isinstance(key, SecretKey) else f"token {settings.key_token!r}"
        click.echo(f"{key.id or '(without an id)':<20} {'opens' if place else 'in use':<8} held by {holder}")
    async with _opened(settings) as services:
        click.echo(f"Sealed by others than the first: {await services.resealing.count()}.")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Services]:
    try:
        async with open_services(settings, name="matinee-keys") as services:
            yield services
    except (ConfigError, Unavailable) as error:
        raise click.ClickException(str(error)) from None


async def reseal(settings: Settings) -> None:
    """Seals everything anew with the key in use. Raises ClickException where something cannot be opened."""
    done = lost = 0
    async with _opened(settings) as services:
        with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Sealed", total=await services.resealing.count())
            async for some, unopened in services.resealing.run():
                done, lost = done + some - unopened, lost + unopened
                progress.update(task, advance=some)
    click.echo(f"Sealed anew: {done}.")
    if lost:
        raise click.ClickException(f"{lost} cannot be opened: the key that has sealed them is not here.")
