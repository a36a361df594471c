"""The command line: `matinee dev | demo | serve | worker | migrate | upload | …`; `matinee --help` lists all.

A command imports what it runs only when it runs, so that `matinee openapi` needs neither settings nor servers.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from matinee import __version__
from matinee.common.config import ConfigError, Settings
from matinee.common.environment import load_settings

DATA_DIR = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".matinee"),
    envvar="MATINEE_DATA_DIR",
    show_default=True,
    help="Where the embedded servers and the generated secrets live.",
)
VIDEO = click.argument("video_id", metavar="VIDEO", type=click.UUID)
JSON = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
JOB_STATES: tuple[Any, ...] = ("running", "waiting", "delayed", "failed")
SERVER = click.option(
    "--url", default="http://localhost:3000", show_default=True, help="The server's public address."
)
API_KEY = click.option("--api-key", envvar="MATINEE_API_KEY", help="With the scopes uploads:write and videos:read.")
EMAIL = click.option("--email", envvar="MATINEE_EMAIL", help="Of an account, where there is no API key.")
ACCOUNT_PASSWORD = click.option("--password", envvar="MATINEE_PASSWORD", help="Asked for where it is not given.")
VISIBILITY = click.option(
    "--visibility", type=click.Choice(["public", "unlisted", "private", "signed"]), default="private"
)
PORT = click.option(
    "--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="0: any free port."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="matinee")
def main() -> None:
    """Matinee: a self-hosted video streaming backend."""


@main.command()
@DATA_DIR
@PORT
def dev(data_dir: Path, port: int) -> None:
    """Run everything here: embedded PostgreSQL and S3, API and worker, until Ctrl-C."""
    from matinee.cli.stack import run_dev

    run_dev(data_dir, port)


@main.command()
@click.argument("video", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--exit", "leave", is_flag=True, help="Stop when the video is encoded instead of serving on.")
@DATA_DIR
@PORT
def demo(video: Path | None, leave: bool, data_dir: Path, port: int) -> None:
    """Run everything, upload VIDEO (or a film made here), and show how long each step takes."""
    from matinee.cli.demo import run_demo

    run_demo(data_dir, port, video, leave=leave)


@main.command()
def serve() -> None:
    """Run the API and the pages."""
    from matinee.cli.serve import run_server

    run_server(_settings())


@main.command()
def worker() -> None:
    """Run jobs: encoding, deleting, cleaning up."""
    from matinee.cli.work import run

    run(_settings())


@main.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    import psycopg

    from matinee.common.migrations import migrate as apply

    url = _settings().database_url
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        raise click.ClickException(f"The database does not let us in: {error}") from None
    applied = apply(url)
    click.echo("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")


@main.command("setup-storage")
def setup_storage() -> None:
    """Make the bucket unless it exists, and let browsers upload to it (CORS)."""
    from matinee.cli.storage import set_up

    asyncio.run(set_up(_settings()))


@main.group()
def storage() -> None:
    """Compare the storage with the database, and move to another one."""


@storage.command("verify")
@click.option("--deep", is_flag=True, help="Read every object, too, and compare its hash.")
@click.option("--repair", is_flag=True, help="Have lost segments and pictures made again; remove orphans.")
@click.option(
    "--margin",
    "margin_hours",
    metavar="HOURS",
    type=click.IntRange(1),
    default=48,
    show_default=True,
    help="Younger objects are no orphans: they are stored before their rows.",
)
@click.option("--yes", "assume_yes", is_flag=True, help="Repair without asking.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, for programs.")
def verify_storage(deep: bool, repair: bool, margin_hours: int, assume_yes: bool, as_json: bool) -> None:
    """Tell whether every row has its objects and every object its row; exit 1 where not."""
    from matinee.cli.verifying import verify

    fine = asyncio.run(
        verify(
            _settings(),
            deep=deep,
            repair=repair,
            margin_hours=margin_hours,
            assume_yes=assume_yes,
            as_json=as_json,
        )
    )
    sys.exit(0 if fine else 1)


@storage.command("move")
def move_storage() -> None:
    """Copy everything from the former storage (MATINEE_FORMER_S3_…) to the current one, while both are in use."""
    from matinee.cli.moving import move
    from matinee.common.logging import configure_logging

    configure_logging("error")  # to standard error; what is done is shown
    asyncio.run(move(_settings()))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SERVER
@API_KEY
@EMAIL
@ACCOUNT_PASSWORD
@click.option("--title", help="Default: the file's name.")
@VISIBILITY
@click.option("--again", is_flag=True, help="Also where you have this very file there: its bytes are shared then.")
def upload(
    file: Path,
    url: str,
    api_key: str | None,
    email: str | None,
    password: str | None,
    title: str | None,
    visibility: str,
    again: bool,
) -> None:
    """Upload FILE to a running server and follow it until it is encoded.

    The server verifies what arrives by its SHA-256, and takes no file twice.
    """
    from matinee.cli.upload import upload_file

    account = _account(api_key, email, password)
    on_duplicate: Any = "share" if again else "refuse"
    asyncio.run(upload_file(url, api_key, account, file, title or file.stem[:100], visibility, on_duplicate))


@main.command("import")
@click.argument("address")
@SERVER
@API_KEY
@EMAIL
@ACCOUNT_PASSWORD
@click.option("--title", help="Default: the file's name.")
@VISIBILITY
def import_video(
    address: str,
    url: str,
    api_key: str | None,
    email: str | None,
    password: str | None,
    title: str | None,
    visibility: str,
) -> None:
    """Have a running server fetch the film at ADDRESS and follow it until it is encoded."""
    from matinee.cli.upload import import_file

    account = _account(api_key, email, password)
    asyncio.run(import_file(url, api_key, account, address, title, visibility))


@main.group()
def user() -> None:
    """Manage accounts."""


@user.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--admin", is_flag=True, help="An administrator, who may see and change everything.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="MATINEE_PASSWORD")
def create_user(email: str, name: str, admin: bool, password: str) -> None:
    """Create an account."""
    from matinee.cli.users import create

    click.echo(asyncio.run(create(_settings(), email, name, password, admin=admin)))


@user.command("password")
@click.argument("email")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="MATINEE_PASSWORD")
def give_password(email: str, password: str) -> None:
    """Give an account another password, where no letter can; signs it out."""
    from matinee.cli.users import give_password as give

    asyncio.run(give(_settings(), email, password))


@user.command("suspend")
@click.argument("email")
@click.option("--reason", required=True, help="Its owner is told when he signs in.")
def suspend_user(email: str, reason: str) -> None:
    """Shut an account out; its videos are kept, and served to nobody."""
    from matinee.cli.users import suspend

    asyncio.run(suspend(_settings(), email, reason))


@user.command("lift")
@click.argument("email")
def lift_suspension(email: str) -> None:
    """Let a suspended account in again."""
    from matinee.cli.users import lift

    asyncio.run(lift(_settings(), email))


@user.command("delete")
@click.argument("email")
def delete_user(email: str) -> None:
    """Shut an account out, and erase all of it when its time of grace is over."""
    from matinee.cli.users import delete

    asyncio.run(delete(_settings(), email))


@user.command("restore")
@click.argument("email")
def restore_user(email: str) -> None:
    """Keep an account that was to be deleted."""
    from matinee.cli.users import restore

    asyncio.run(restore(_settings(), email))


@user.command("verify")
@click.argument("email")
def verify_email(email: str) -> None:
    """Take an account's address for verified, without a letter."""
    from matinee.cli.users import verify

    asyncio.run(verify(_settings(), email))


@user.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Have the password alone sign in again, for whoever has lost phone, codes and passkeys; signs it out."""
    from matinee.cli.users import reset_second_factor as reset

    asyncio.run(reset(_settings(), email))


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(["user", "admin"]))
def give_role(email: str, role: str) -> None:
    """Make an account an administrator, or one that is none; that signs it out."""
    from matinee.cli.users import give_role as give

    wanted: Any = role.upper()
    asyncio.run(give(_settings(), email, wanted))


@user.command("quota")
@click.argument("email")
@click.option("--bytes", "most_bytes", metavar="N", help="Bytes of uploaded files; `unlimited`; or `server`.")
@click.option("--minutes", "most_minutes", metavar="N", help="Minutes of video; `unlimited`; or `server`.")
@JSON
def user_quota(email: str, most_bytes: str | None, most_minutes: str | None, as_json: bool) -> None:
    """Show what an account stores, and set what it may store.

    `server` is what the settings allow (MATINEE_QUOTA_BYTES, MATINEE_QUOTA_MINUTES).
    """
    from matinee.cli.users import quota

    asyncio.run(quota(_settings(), email, most_bytes, most_minutes, as_json=as_json))


@main.command("rotate-key")
def rotate_key() -> None:
    """Have another key sign playback tokens; what the former one has signed holds until it expires."""
    from matinee.cli.keys import rotate

    click.echo(asyncio.run(rotate(_settings())))


@main.group()
def keys() -> None:
    """The keys that everything secret is sealed by."""


@keys.command("make")
def make_keys() -> None:
    """Make the keys of MATINEE_KEY_IDS in the module; what is there is left as it is."""
    from matinee.cli.keys import make

    make(_settings())


@keys.command("show")
def show_keys() -> None:
    """List the keys, the one in use first, and how much others have sealed."""
    from matinee.cli.keys import show

    asyncio.run(show(_settings()))


@keys.command("reseal")
def reseal_keys() -> None:
    """Seal everything anew with the key in use, so that former ones can be dropped. May be stopped at any time."""
    from matinee.cli.keys import reseal

    asyncio.run(reseal(_settings()))


@main.group()
def jobs() -> None:
    """See why videos wait, and try again, stop or prioritise their encoding."""


@jobs.command("list")
@click.option("--video", "video_id", type=click.UUID, help="Of this video, with why it is not complete.")
@click.option("--state", "states", type=click.Choice(JOB_STATES), multiple=True, help="Repeatable. Default: all.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@JSON
def list_jobs(video_id: UUID | None, states: tuple[Any, ...], limit: int, as_json: bool) -> None:
    """List jobs: those that run, those that wait in their order, delayed ones, failed ones."""
    from matinee.cli.jobs import list_jobs as run

    asyncio.run(run(_settings(), video_id, states or JOB_STATES, limit, as_json=as_json))


@jobs.command("retry")
@VIDEO
@JSON
def retry_jobs(video_id: UUID, as_json: bool) -> None:
    """Try again what failed, was cancelled, or waits for its next try."""
    from matinee.cli.jobs import retry

    asyncio.run(retry(_settings(), video_id, as_json=as_json))


@jobs.command("cancel")
@VIDEO
@JSON
def cancel_jobs(video_id: UUID, as_json: bool) -> None:
    """Stop filling in the qualities of VIDEO; it stays playable."""
    from matinee.cli.jobs import cancel

    asyncio.run(cancel(_settings(), video_id, as_json=as_json))


@jobs.command("prioritise")
@VIDEO
@click.argument("priority", type=click.Choice(["high", "normal", "low"]))
@JSON
def prioritise_jobs(video_id: UUID, priority: Any, as_json: bool) -> None:
    """Have the jobs of VIDEO, also those to come, go before all others' or behind them."""
    from matinee.cli.jobs import prioritise

    asyncio.run(prioritise(_settings(), video_id, priority, as_json=as_json))


@main.group()
def search() -> None:
    """Look after what is searched."""


@search.command("reindex")
def reindex_search() -> None:
    """Index every video anew, while all is running; run it again to go on, or to see how far it is."""
    from matinee.cli.searching import reindex

    asyncio.run(reindex(_settings()))


@main.command()
@JSON
def workers(as_json: bool) -> None:
    """List workers: who is alive, what they can do, what they are at."""
    from matinee.cli.jobs import list_workers

    asyncio.run(list_workers(_settings(), as_json=as_json))


@main.command()
@click.option("--check", type=click.Path(path_type=Path), help="Compare with this file instead; exit 1 on drift.")
def openapi(check: Path | None) -> None:
    """Print the OpenAPI contract."""
    from matinee.app import export_contract

    text = json.dumps(export_contract(), indent=2, ensure_ascii=False) + "\n"
    if check is None:
        click.echo(text, nl=False)
    elif not check.is_file() or check.read_text() != text:
        raise click.ClickException(f"{check} is not what the application exports; run `matinee openapi > {check}`.")


@main.command()
@click.option("--fix", is_flag=True, help="Set the bucket's CORS rules where browsers could not upload.")
def doctor(fix: bool) -> None:
    """Check every setting and dependency, and say what is wrong in a sentence."""
    from matinee.cli.doctor import examine

    sys.exit(0 if asyncio.run(examine(fix=fix)) else 1)


def _account(api_key: str | None, email: str | None, password: str | None) -> tuple[str, str] | None:
    """Who signs in; None where an API key says who calls."""
    if api_key is not None:
        return None
    if email is None:
        raise click.UsageError("Give an API key (MATINEE_API_KEY), or the account's --email.")
    return email, password or click.prompt("Password", hide_input=True)


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
