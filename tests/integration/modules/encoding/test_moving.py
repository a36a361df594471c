"""A film is made while everything moves to another storage."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from tests.integration.modules.encoding.stage import Stage

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.storage.move import Move
from matinee.common.storage.moving import MovingStorage
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.uploads.rules import choose_part_size


async def test_a_film_is_made_while_it_moves(
    settings: Settings,
    database: Database,
    queue: JobQueue,
    storage: S3Storage,
    second_storage: S3Storage,
    film: Callable[[str], bytes],
    reference: dict[str, str],
) -> None:
    """Its file is in the former storage, pass follows pass while workers encode, and the current one has it all."""
    video_id = uuid4()
    prefix = keys.video_prefix(video_id)
    moving = Move(storage, second_storage, prefix, part_size=choose_part_size)
    before = Stage(settings, database, storage, queue)
    await before.upload(film("film.mkv"), video_id=video_id)
    meanwhile = Stage(settings, database, MovingStorage(second_storage, storage), queue)
    async with meanwhile.working():
        making = asyncio.create_task(meanwhile.until_complete(video_id))
        passes = 0
        while not making.done():
            await moving.run_pass(lambda _: None)
            passes += 1
        await making
    assert passes > 1
    while not (await moving.run_pass(lambda _: None)).is_last:
        pass
    after = Stage(settings, database, second_storage, queue)
    assert await after.fingerprints(video_id) == reference
    assert await second_storage.size(keys.source_key(video_id)) == len(film("film.mkv"))
    await second_storage.delete_prefix(prefix)
