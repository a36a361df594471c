"""What is stored beside the uploaded files: the MD5 of each object is kept, which `matinee storage verify` compares.

That is what a storage lists as the ETag of what was put as a whole, so that it need not be read.
"""

import hashlib

from matinee.common.database import Database
from matinee.common.storage.port import Storage
from matinee.modules.integrity import repository


def md5_of(data: bytes) -> bytes:
    """The hash of an object's content."""
    return hashlib.md5(data, usedforsecurity=False).digest()


async def store(storage: Storage, database: Database, key: str, data: bytes, content_type: str) -> None:
    """Stores an object of a video, and what it is. Whatever says that it is there is recorded behind this."""
    await storage.put(key, data, content_type)
    async with database.connection() as db:
        await repository.remember(db, key, md5_of(data))
