"""Films are made, watched and uploaded while everything moves to another storage."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID, uuid4

import click
import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, client_of
from tests.integration.modules.encoding.stage import Stage

from matinee.app import create_app
from matinee.bootstrap import open_services
from matinee.cli.moving import move
from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.storage.move import Move
from matinee.common.storage.moving import MovingStorage
from matinee.common.storage.port import Storage
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.uploads.rules import choose_part_size


@pytest.mark.soak
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


_URI = re.compile(r'^(?!#).+$|URI="([^"]+)"', re.MULTILINE)


@asynccontextmanager
async def own_bucket(settings: Settings) -> AsyncIterator[S3Storage]:
    """One that no other test knows: the whole of it moves."""
    storage = S3Storage(msgspec.structs.replace(settings, s3_bucket=f"own-{uuid4().hex[:12]}"))
    await storage.open()
    await storage._client.create_bucket(Bucket=storage._bucket)
    yield storage
    await storage.delete_prefix("")
    await storage.close()


@asynccontextmanager
async def serving(settings: Settings, storage: Storage, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API process that has just begun: nothing is in its cache."""
    own = msgspec.structs.replace(settings, cell_cache_dir=folder / uuid4().hex)
    async with open_services(own, storage=storage) as services, client_of(create_app(services)) as client:
        yield client


async def watch(client: httpx.AsyncClient, video_id: UUID) -> dict[str, bytes]:
    """Everything that a player may ask for, by its address; playlists are followed."""
    found: dict[str, bytes] = {}
    waiting = [f"/playback/{video_id}/master.m3u8"]
    while waiting:
        url = waiting.pop()
        answer = await client.get(url)
        assert answer.status_code == 200, f"{url}: {answer.text}"
        if ".m3u8" in url:
            waiting += {urljoin(url, uri[1] or uri[0]) for uri in _URI.finditer(answer.text)}
        else:
            found[url] = answer.content
    return found


async def sign_up(client: httpx.AsyncClient) -> Person:
    account = {"email": "ada@example.org", "password": PASSWORD}
    await client.post("/api/v1/auth/register", json={**account, "name": "Ada"})
    answer = await client.post("/api/v1/auth/login", json=account)
    return Person(client, account["email"], answer.json())


async def test_nobody_notices_that_everything_moves(
    settings: Settings,
    database: Database,
    queue: JobQueue,
    second_s3: Settings,
    film: Callable[[str], bytes],
    reference: dict[str, str],
    password_cost: None,
    tmp_path: Path,
) -> None:
    """Viewers get every byte, an upload goes on and its film is made, and another begins, while the command runs."""
    content = film("film.mkv")
    async with own_bucket(settings) as former, own_bucket(second_s3) as current:
        shown = await Stage(settings, database, former, queue).complete(content)
        meanwhile = Stage(settings, database, both := MovingStorage(current, former), queue)
        await meanwhile.execute("UPDATE videos SET visibility = 'public'")
        async with serving(settings, former, tmp_path) as client:
            before = await watch(client, shown)
        moves, walks = asyncio.create_task(moved(settings, former, current)), 0
        async with meanwhile.working(), serving(settings, both, tmp_path) as client:
            ada = await sign_up(client)
            first, second = await ada.upload(content), ""
            while not moves.done():
                async with serving(settings, both, tmp_path) as viewer:
                    assert await watch(viewer, shown) == before
                walks += 1
                if walks == 1:
                    assert (await ada.post(f"/api/v1/videos/complete/{first}")).status_code == 200
                    second = await ada.upload(content)
            assert walks > 0
            await moves
            await meanwhile.until_complete(UUID(first))
        assert len(before) > 12
        async with serving(settings, current, tmp_path) as client:
            assert await watch(client, shown) == before
            ada.client = client
            assert (await ada.post(f"/api/v1/videos/complete/{second}")).status_code == 200
        after = Stage(settings, database, current, queue)
        assert await after.fingerprints(UUID(first)) == reference
        for video_id in (first, second):
            assert await current.size(keys.source_key(UUID(video_id))) == len(content)


async def moved(settings: Settings, former: S3Storage, current: S3Storage) -> None:
    """The command, again and again until it says that it is done."""
    old = former._settings
    own = msgspec.structs.replace(
        current._settings,
        database_url=settings.database_url,
        former_s3_endpoint_url=old.s3_endpoint_url,
        former_s3_bucket=old.s3_bucket,
        former_s3_access_key_id=old.s3_access_key_id,
        former_s3_secret_access_key=old.s3_secret_access_key,
    )
    while True:
        try:
            await move(own)
        except click.ClickException as error:
            if "still under way" not in error.message:
                raise
        else:
            return
