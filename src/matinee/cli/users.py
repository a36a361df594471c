"""Accounts from the command line: how the first administrator comes to be."""

import click

from matinee.bootstrap import open_services
from matinee.common.config import Settings
from matinee.common.errors import DomainError
from matinee.common.validation import InvalidInput, convert
from matinee.modules.auth.schemas import Register


async def create(settings: Settings, email: str, name: str, password: str, *, admin: bool) -> str:
    """Creates the account; returns its id."""
    try:
        registration = convert({"email": email, "name": name, "password": password}, Register)
        async with open_services(settings, name="matinee-cli") as services:
            password_hash = await services.auth.prepare_registration(registration)
            async with services.database.transaction() as db:
                user = await services.auth.register(
                    db, registration, password_hash, role="ADMIN" if admin else "USER"
                )
                return str(user.id)
    except (DomainError, InvalidInput) as error:
        raise click.ClickException(str(error)) from None
