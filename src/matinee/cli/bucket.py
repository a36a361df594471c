"""The bucket that the settings name, for as long as a command has to do with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matinee.common.config import Settings
from matinee.common.storage.s3 import S3Storage


@asynccontextmanager
async def open_bucket(settings: Settings) -> AsyncIterator[S3Storage]:
    """Open within the block. Raises StorageUnavailable where nothing gives us credentials."""
    storage = S3Storage(settings)
    try:
        await storage.open()
        yield storage
    finally:
        await storage.close()
