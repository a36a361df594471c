"""Accounts from the command line: how the first administrator comes to be, what accounts may store,
and who is shut out.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import click
import msgspec

from matinee.bootstrap import Services, open_services
from matinee.common.acting import COMMAND_LINE, act_as
from matinee.common.config import Settings
from matinee.common.database import Connection
from matinee.common.errors import DomainError
from matinee.common.http.authentication import Role
from matinee.common.validation import InvalidInput, convert
from matinee.modules.administration.schemas import UserChange
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.rules import spellings
from matinee.modules.auth.schemas import Register
from matinee.modules.quotas.rules import readable
from matinee.modules.quotas.schemas import AccountQuota, QuotaChoice


async def create(settings: Settings, email: str, name: str, password: str, *, admin: bool) -> str:
    """Creates the account; returns its id."""
    act_as(lambda: COMMAND_LINE)
    try:
        registration = convert({"email": email, "name": name, "password": password}, Register)
        async with open_services(settings, name="matinee-cli") as services:
            password_hash = await services.auth.prepare_registration(registration)
            async with services.database.transaction() as db:
                role: Role = "ADMIN" if admin else "USER"
                user = await services.auth.create(db, registration, password_hash, role, verified=True)
                return str(user.id)
    except (DomainError, InvalidInput) as error:
        raise click.ClickException(str(error)) from None


async def suspend(settings: Settings, email: str, reason: str) -> None:
    """Shuts an account out."""
    await _change(settings, email, lambda services, db, user_id: services.administration.suspend(db, user_id, reason))


async def lift(settings: Settings, email: str) -> None:
    """Lets an account in again."""
    await _change(settings, email, lambda services, db, user_id: services.administration.lift(db, user_id))


async def delete(settings: Settings, email: str) -> None:
    """Has an account deleted when its time of grace is over."""
    await _change(settings, email, lambda services, db, user_id: services.closing.close(db, user_id))


async def restore(settings: Settings, email: str) -> None:
    """Keeps it after all."""
    await _change(settings, email, lambda services, db, user_id: services.closing.restore(db, user_id))


async def verify(settings: Settings, email: str) -> None:
    """Its address counts as verified."""
    await _change(settings, email, lambda services, db, user_id: services.administration.verify_email(db, user_id))


async def give_password(settings: Settings, email: str, password: str) -> None:
    """Signs an account out, and has another password sign in to it."""
    await _change(
        settings, email, lambda services, db, user_id: services.recovery.give_password(db, user_id, password)
    )


async def reset_second_factor(settings: Settings, email: str) -> None:
    """Signs an account out, and has the password alone sign in to it."""
    await _change(
        settings, email, lambda services, db, user_id: services.administration.reset_second_factor(db, user_id)
    )


async def give_role(settings: Settings, email: str, role: Role) -> None:
    """Makes an account an administrator, or one that is none."""
    wanted = UserChange(role=role)
    await _change(settings, email, lambda services, db, user_id: services.administration.change(db, user_id, wanted))


async def quota(
    settings: Settings, email: str, most_bytes: str | None, most_minutes: str | None, *, as_json: bool
) -> None:
    """Sets what is given of an account's quota (`server`: what the settings allow), and prints all of it."""
    act_as(lambda: COMMAND_LINE)
    try:
        async with open_services(settings, name="matinee-cli") as services, services.database.transaction() as db:
            user_id = await _find(db, email)
            shown = await services.quotas.get(db, user_id)
            if most_bytes is not None or most_minutes is not None:
                chosen = msgspec.to_builtins(shown.chosen)
                chosen |= {"bytes": _wanted(most_bytes)} if most_bytes is not None else {}
                chosen |= {"minutes": _wanted(most_minutes)} if most_minutes is not None else {}
                shown = await services.quotas.set(db, user_id, convert(chosen, QuotaChoice))
    except (DomainError, InvalidInput) as error:
        raise click.ClickException(str(error)) from None
    click.echo(msgspec.json.encode(shown).decode() if as_json else _described(shown))


Change = Callable[[Services, Connection, UUID], Awaitable[object]]


async def _change(settings: Settings, email: str, change: Change) -> None:
    act_as(lambda: COMMAND_LINE)
    try:
        async with open_services(settings, name="matinee-cli") as services, services.database.transaction() as db:
            await change(services, db, await _find(db, email))
    except (DomainError, InvalidInput) as error:
        raise click.ClickException(str(error)) from None


async def _find(db: Connection, email: str) -> UUID:
    account = await accounts.find_account(db, *spellings(email))
    if account is None:
        raise click.ClickException(f"There is no account {email}.")
    return account.id


def _wanted(given: str) -> int | str | None:
    if given == "server":
        return None
    return int(given) if given.isdecimal() else given


def _described(shown: AccountQuota) -> str:
    usage, limits = shown.usage, shown.usage.quota
    most_bytes = "no limit" if limits.bytes is None else f"of {readable(limits.bytes)}"
    most_minutes = "no limit" if limits.minutes is None else f"of {limits.minutes}"
    return (
        f"{readable(usage.bytes)} stored, {most_bytes} · {usage.minutes} minutes, {most_minutes} · "
        f"{usage.videos} videos"
    )
