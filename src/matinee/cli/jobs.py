"""`matinee jobs` and `matinee workers`: the queue from the command line, as tables or JSON."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matinee.bootstrap import open_services
from matinee.common.acting import COMMAND_LINE, act_as
from matinee.common.config import Settings
from matinee.common.database import Connection
from matinee.common.errors import DomainError
from matinee.common.http.authentication import Caller
from matinee.common.logging import configure_logging
from matinee.modules.jobs.schemas import Job, JobState, Priority, VideoEncoding, WorkerInfo
from matinee.modules.jobs.service import JobService

# Whoever may run this has the database's password.
_OPERATOR = Caller(UUID(int=0), "ADMIN", UUID(int=0))
_STATE_COLOURS = {"running": "green", "delayed": "yellow", "failed": "red"}

Act = Callable[[JobService, Connection], Awaitable[Any]]


async def list_jobs(
    settings: Settings, video_id: UUID | None, states: Sequence[JobState], most: int, *, as_json: bool
) -> None:
    """The jobs of a video with why it is not complete, or the first ones of all."""
    if video_id is not None:
        found: VideoEncoding = await _act(settings, lambda jobs, db: jobs.encoding_of(db, _OPERATOR, video_id))
        found.jobs = [job for job in found.jobs if job.state in states][:most]
        _show(found, as_json=as_json)
        return
    listed: list[Job] = await _act(settings, lambda jobs, db: jobs.list_jobs(db, states, most))
    if as_json:
        _print_json(listed)
    elif listed:
        Console().print(_job_table(listed, with_video=True))
    else:
        click.echo("No such job.")


async def retry(settings: Settings, video_id: UUID, *, as_json: bool) -> None:
    """Tries again."""
    _show(await _act(settings, lambda jobs, db: jobs.retry(db, _OPERATOR, video_id)), as_json=as_json)


async def cancel(settings: Settings, video_id: UUID, *, as_json: bool) -> None:
    """Stops the filling."""
    _show(await _act(settings, lambda jobs, db: jobs.cancel(db, _OPERATOR, video_id)), as_json=as_json)


async def prioritise(settings: Settings, video_id: UUID, priority: Priority, *, as_json: bool) -> None:
    """Before or behind the others."""
    changed = await _act(settings, lambda jobs, db: jobs.prioritise(db, _OPERATOR, video_id, priority))
    _show(changed, as_json=as_json)


async def list_workers(settings: Settings, *, as_json: bool) -> None:
    """Who works, and at what."""
    workers: list[WorkerInfo] = await _act(settings, lambda jobs, db: jobs.list_workers(db))
    if as_json:
        _print_json(workers)
    elif workers:
        Console().print(_worker_table(workers))
    else:
        click.echo("No worker has shown itself within the last day.")


async def _act(settings: Settings, act: Act) -> Any:
    configure_logging("warning")  # to standard error; what was done is printed
    act_as(lambda: COMMAND_LINE)
    try:
        async with (
            open_services(settings, name="matinee-cli") as services,
            services.database.transaction() as db,
        ):
            return await act(services.jobs, db)
    except DomainError as error:
        raise click.ClickException(str(error)) from None


def _print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _show(found: VideoEncoding, *, as_json: bool) -> None:
    if as_json:
        _print_json(found)
        return
    encoding = found.encoding
    how_far = f"{encoding.state}, {encoding.percent} %" if encoding else "not begun"
    click.echo(f"Status           {found.status}\nEncoding         {how_far}\nPriority         {found.priority}")
    if found.why is not None:
        click.echo(f"Why              {found.why.detail}")
    counts = msgspec.structs.asdict(found.counts)
    click.echo("Jobs             " + ", ".join(f"{count} {state}" for state, count in counts.items()))
    if found.jobs:
        click.echo()
        Console().print(_job_table(found.jobs, with_video=False))


def _job_table(jobs: Sequence[Job], *, with_video: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Job", *(["Video"] if with_video else []), "Kind", "Part", "Lane", "State", "Tries", "Worker"):
        table.add_column(heading, no_wrap=heading in ("Job", "Video"), overflow="fold")
    table.add_column("Last error")
    for job in jobs:
        state = {"waiting": f"waiting, {job.ahead} ahead", "delayed": f"until {_clock(job.next_try_at)}"}
        words = state.get(job.state, job.state)
        colour = _STATE_COLOURS.get(job.state)
        cells = [
            str(job.id),
            *([job.video_id or ""] if with_video else []),
            job.kind,
            job.part or "",
            "+".join([job.lane, *job.needs]),
            f"[{colour}]{words}[/]" if colour else words,
            str(job.attempts),
            _who(job),
            escape(job.error.detail) if job.error else "",
        ]
        table.add_row(*cells)
    return table


def _who(job: Job) -> str:
    worker = job.worker
    if worker is None:
        return ""
    return f"{escape(worker.name or '?')} {worker.pid}" + (
        "" if worker.alive else f", silent since {_age(worker.seen_at)}"
    )


def _worker_table(workers: Sequence[WorkerInfo]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Worker", "Host", "Process", "Labels", "Slots", "Last sign", "Runs", "Times real time"):
        table.add_column(heading, overflow="fold")
    for worker in workers:
        seen = f"{_age(worker.seen_at)} ago"
        table.add_row(
            escape(worker.name),
            escape(worker.host),
            str(worker.pid),
            ", ".join(worker.labels),
            ", ".join(f"{slots} {lane}" for lane, slots in sorted(worker.slots.items())),
            seen if worker.alive else f"[red]{seen}, dead[/]",
            "\n".join(worker.running),
            "\n".join(worker.speeds),
        )
    return table


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone():%H:%M:%S}" if moment else "?"


def _age(moment: datetime) -> str:
    seconds = max(0, round((datetime.now(UTC) - moment).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
