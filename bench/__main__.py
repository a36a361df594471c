"""Chooses benches and runs them: `python -m bench [names…]`."""

import argparse
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import (
    api,
    cells,
    cpu,
    crowd,
    demand,
    encode,
    encryption,
    lists,
    passthrough,
    playlists,
    quality,
    ready,
    social,
    source,
    starts,
    uploads,
    workers,
)
from bench.load import require_wrk
from bench.servers import Site
from bench.tables import console, progress
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS

FOLDER = Path(".matinee/bench")
_SHARED_BUFFERS = "2GB"  # as a server has that holds millions of rows; the demo's has less
Bench = Callable[..., None]
BENCHES: dict[str, Bench] = {
    "api": api.run,
    "playlists": playlists.run,
    "cells": cells.run,
    "crowd": crowd.run,
    "encryption": encryption.run,
    "lists": lists.run,
    "social": social.run,
    "ready": ready.run,
    "encode": encode.run,
    "starts": starts.run,
    "demand": demand.run,
    "source": source.run,
    "workers": workers.run,
    "passthrough": passthrough.run,
    "uploads": uploads.run,
    "quality": quality.run,
    "cpu": cpu.run,
}


def main() -> None:
    """Runs what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures Matinee on this machine.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(BENCHES)}; else all")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round (default: 3)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median is taken (default: 5)")
    parser.add_argument("--videos", type=int, default=100_000, help="how many for `social` (default: 100,000)")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(BENCHES))
    if unknown:
        parser.error(f"there is no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    signal.signal(signal.SIGTERM, _stop)
    require_wrk()
    BENCHES["social"] = partial(social.run, videos=options.videos)
    _run(options.names or list(BENCHES), seconds=options.seconds, rounds=options.rounds)


def _run(names: list[str], **effort: Any) -> None:
    folder = FOLDER.absolute()
    with _cleared(folder / "s3"):
        _measure(folder, names, **effort)


@contextmanager
def _cleared(objects: Path) -> Iterator[None]:
    """Films take many gigabytes, and the next run knows nothing of them; a run that was killed leaves them."""
    shutil.rmtree(objects, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(objects, ignore_errors=True)


def _measure(folder: Path, names: list[str], **effort: Any) -> None:
    for part in ("postgres", "s3"):
        (folder / part).mkdir(mode=0o755, parents=True, exist_ok=True)
    # not synced to the disk at each commit: the software is measured, and the disk is the same for all
    server = EmbeddedPostgres(folder / "postgres", durable=False, settings={"shared_buffers": _SHARED_BUFFERS})
    with server as postgres, EmbeddedSeaweedFS(folder / "s3") as s3:
        site = Site(folder, postgres.endpoint, s3.endpoint)
        for name in names:
            started = time.monotonic()
            console.rule(name)
            BENCHES[name](site, **effort)
            progress(f"{name} took {time.monotonic() - started:.0f} s")


def _stop(number: int, frame: object) -> None:
    del frame
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
