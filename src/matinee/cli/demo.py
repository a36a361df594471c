"""`matinee demo`: the whole path of a video, through the public API, with the time of every step."""

import asyncio
import subprocess
import time
from pathlib import Path

import click

from matinee.cli.client import Client
from matinee.cli.stack import running_stack
from matinee.cli.upload import Steps, console, upload
from matinee.media.binaries import find_binaries
from matinee.modules.videos.schemas import Video

EMAIL = "demo@matinee.example.org"
FILM_SECONDS = 20


def run_demo(data_dir: Path, port: int, video: Path | None, *, leave: bool) -> None:
    """Starts everything, uploads a video, prints where to watch it, and serves until Ctrl-C."""
    steps = Steps()
    started = time.perf_counter()
    with running_stack(data_dir, port) as stack:
        steps.add("Servers, schema, API and worker", time.perf_counter() - started)
        film = video
        if film is None:
            with steps.step(f"Make a film of {FILM_SECONDS} s with sound"):
                film = make_film(stack.data_dir / "film.mp4")
        title = film.stem[:100] if video else "The Matinee demo film"
        watched = asyncio.run(_upload_as_demo_user(stack.url, stack.secrets.demo_password, film, title, steps))
        console.print(steps.table())
        if watched.status == "FAILED":
            assert watched.failure is not None
            raise click.ClickException(f"{watched.failure.detail} ({watched.failure.code})")
        console.print(f"\nWatch            {stack.url}/watch/{watched.id}", soft_wrap=True)
        console.print(f"Documentation    {stack.url}/documentation", soft_wrap=True)
        console.print(f"Signed up as     {EMAIL}, password {stack.secrets.demo_password}", soft_wrap=True)
        if not leave:
            console.print("Ctrl-C stops it.")
            stack.wait()


def make_film(file: Path, seconds: int = FILM_SECONDS) -> Path:
    """A film with a running frame counter and a beep each second; made once."""
    if file.is_file():
        return file
    unfinished = file.with_suffix(".part.mp4")
    command = [
        find_binaries().ffmpeg, "-y", "-loglevel", "error", "-nostdin",
        "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={seconds}",
        "-f", "lavfi", "-i", f"sine=frequency=220:beep_factor=4:sample_rate=48000:duration={seconds}",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart",
        str(unfinished),
    ]  # fmt: skip
    subprocess.run(command, check=True)  # noqa: S603  # our own arguments
    unfinished.rename(file)
    return file


async def _upload_as_demo_user(url: str, password: str, file: Path, title: str, steps: Steps) -> Video:
    async with Client(url) as client:
        with steps.step("Register and sign in"):
            await client.register(EMAIL, password, "Demo")
            await client.log_in(EMAIL, password)
        return await upload(client, file, title, "public", steps)
