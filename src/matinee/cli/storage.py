"""`matinee setup-storage`: a bucket that browsers may upload to."""

import click

from matinee.cli.cors import origins_of
from matinee.common.config import Settings
from matinee.common.errors import Unavailable
from matinee.common.storage.s3 import S3Storage


async def set_up(settings: Settings) -> None:
    """Makes the bucket and its rules; repeatable."""
    storage = S3Storage(settings)
    origins = origins_of(settings)
    try:
        await storage.open()
        await storage.prepare(origins)
        if settings.s3_encryption == "required":
            await storage.encrypt()
    except Unavailable as error:
        raise click.ClickException(error.detail) from None
    finally:
        await storage.close()
    click.echo(f"The bucket {settings.s3_bucket!r} lets {', '.join(origins)} upload.")
