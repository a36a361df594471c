"""Small stored objects, read whole."""

from matinee.common.storage.port import Storage


async def read_whole(storage: Storage, key: str) -> bytes:
    """The object's bytes; for what is known to be small, such as one cell. Raises NoSuchObjectError."""
    return b"".join([chunk async for chunk in storage.stream(key)])
