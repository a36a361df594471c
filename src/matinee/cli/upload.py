"""`matinee upload` and `import`: a film's way through the public API, with progress bars and the time of steps."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from matinee.cli.client import Client, OnDuplicate
from matinee.modules.videos.schemas import Video

console = Console()
Account = tuple[str, str] | None
"""An email and its password; None where an API key says who calls."""
_COLUMNS = (TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())


class Steps:
    """What was done and how long it took."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times the block."""
        started = time.perf_counter()
        with console.status(name):
            yield
        self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Notes a step that was timed elsewhere."""
        self._rows.append((name, seconds))

    def table(self) -> Table:
        """All steps so far."""
        table = Table("Step", "Seconds", box=None, pad_edge=False)
        table.columns[1].justify = "right"
        for name, seconds in self._rows:
            table.add_row(name, f"{seconds:.2f}")
        return table


async def upload_file(
    url: str,
    api_key: str | None,
    account: Account,
    file: Path,
    title: str,
    visibility: str,
    on_duplicate: OnDuplicate,
) -> None:
    """`matinee upload`: uploads a file and follows it until it is encoded."""

    async def send(client: Client, steps: Steps) -> Video:
        return await upload(client, file, title, visibility, steps, on_duplicate)

    await _bring(url, api_key, account, send)


async def import_file(
    url: str, api_key: str | None, account: Account, address: str, title: str | None, visibility: str
) -> None:
    """`matinee import`: has the server fetch a file and follows it until it is encoded."""

    async def fetch(client: Client, steps: Steps) -> Video:
        return await _fetch(client, await client.import_video(address, title, visibility), steps)

    await _bring(url, api_key, account, fetch)


async def _bring(
    url: str, api_key: str | None, account: Account, bring: Callable[[Client, Steps], Awaitable[Video]]
) -> None:
    steps = Steps()
    try:
        async with Client(url) as client:
            if api_key is not None:
                await client.use_key(api_key)
            elif account is not None:
                await client.log_in(*account)
            video = await bring(client, steps)
    except (aiohttp.ClientConnectionError, aiohttp.ClientResponseError) as error:
        raise click.ClickException(f"{url} does not answer: {error}") from None
    console.print(steps.table())
    if video.failure is not None:
        raise click.ClickException(f"{video.failure.detail} ({video.failure.code})")
    console.print(f"\nWatch            {url.rstrip('/')}/watch/{video.id}", soft_wrap=True)


async def upload(
    client: Client, file: Path, title: str, visibility: str, steps: Steps, on_duplicate: OnDuplicate | None = None
) -> Video:
    """Uploads with a bar, follows the encoding with one bar a rendition; returns the video as it ended."""
    started = time.perf_counter()
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        task = progress.add_task("Upload", total=await asyncio.to_thread(lambda: file.stat().st_size))
        sent = partial(progress.advance, task)
        video = await client.upload(file, title, visibility, sent, on_duplicate)
    uploaded = time.perf_counter()
    steps.add("Upload", uploaded - started)
    return await _follow(client, video, uploaded, steps)


async def _fetch(client: Client, video: Video, steps: Steps) -> Video:
    """Shows how the server fetches the file, with a bar, then the encoding; returns the video as it ended."""
    started = time.perf_counter()
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        task = progress.add_task("Fetch", total=None)
        async for latest in client.follow(video):
            video = latest
            if video.import_ is None:
                break
            progress.update(task, total=video.import_.length, completed=video.import_.received)
    fetched = time.perf_counter()
    steps.add("Fetch", fetched - started)
    return video if video.status == "FAILED" else await _follow(client, video, fetched, steps)


async def _follow(client: Client, video: Video, uploaded: float, steps: Steps) -> Video:
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    was_ready = False
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}
        async for latest in client.follow(video):
            video = latest
            if video.status == "READY" and not was_ready:
                was_ready = True
                steps.add("Upload complete → playable", time.perf_counter() - uploaded)
            for rendition in video.encoding.renditions if video.encoding else ():
                if rendition.name not in bars:
                    bars[rendition.name] = progress.add_task(rendition.name, total=100)
                progress.update(bars[rendition.name], completed=rendition.percent)
    steps.add("Upload complete → every rendition encoded", time.perf_counter() - uploaded)
    return video
