"""`matinee setup-storage`: a bucket that browsers may upload to."""

import click

from matinee.cli.bucket import open_bucket
from matinee.cli.cors import origins_of
from matinee.common.config import Settings
from matinee.common.errors import Unavailable


async def set_up(settings: Settings) -> None:
    """Makes the bucket and its rules; repeatable."""
    origins = origins_of(settings)
    try:
        async with open_bucket(settings) as bucket:
            await bucket.prepare(origins)
            if settings.s3_encryption == "required":
                await bucket.encrypt()
    except Unavailable as error:
        raise click.ClickException(error.detail) from None
    click.echo(f"The bucket {settings.s3_bucket!r} lets {', '.join(origins)} upload.")
