"""A second video of a file that is there: made without an upload, from the file that the first one keeps."""

from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

import pytest
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.test_clips import exists, gone, has_rows, settle
from tests.integration.modules.encoding.test_replacements import announce, until_replaced

from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.media import keys
from matinee.modules.encoding.jobs import ingest_job
from matinee.modules.integrity.hashing import hash_unhashed
from matinee.modules.integrity.jobs import hash_job
from matinee.modules.replacements.errors import NotTrimmed
from matinee.modules.uploads.addresses import FileAddresses
from matinee.modules.uploads.schemas import NewUpload
from matinee.modules.uploads.service import UploadService

Film = Callable[[str], bytes]


async def share(stage: Stage, first: UUID, content: bytes) -> UUID:
    """The first one's owner announces the same file."""
    uploads = UploadService(
        stage.database,
        stage.storage,
        stage.queue,
        stage.videos(),
        stage.quotas,
        FileAddresses("http://localhost", Keys([SecretKey("s" * 32)])),
        max_bytes=1 << 30,
        expiry_hours=24,
    )
    new = NewUpload(
        title="Again",
        filename="again.mp4",
        filesize=len(content),
        filetype="video/mp4",
        sha256=sha256(content).hexdigest(),
        on_duplicate="share",
    )
    async with stage.database.connection() as db:
        started = await uploads.init(db, await stage.owner(first), new)
    assert started.upload is None
    return UUID(started.video.id)


async def until_read(stage: Stage, count: int = 1) -> None:
    """Every file was read as a whole."""

    async def reached() -> bool:
        return bool(await stage.value("SELECT count(*) = %s FROM file_hashes", count))

    await hash_unhashed(stage.database, stage.queue)
    await stage.until(reached)


@pytest.mark.usefixtures("worker")
class TestSharing:
    async def test_it_plays_and_outlives_the_first(self, stage: Stage, film: Film) -> None:
        """Nothing but the file is the first one's; that goes with the last."""
        content = film("silent.mp4")
        first = await stage.upload(content)
        await stage.until_idle(first)
        await until_read(stage)
        second = await share(stage, first, content)
        await stage.until_idle(second)
        assert await stage.fingerprints(second) == await stage.fingerprints(first)
        assert await gone(stage, keys.source_key(second))

        await stage.delete(first)
        await stage.until(lambda: gone(stage, keys.poster_key(first)))
        third = await share(stage, second, content)  # of a file whose keeper is deleted
        await stage.until_idle(third)
        for video in (second, third):
            await settle(stage)
            assert await exists(stage, keys.source_key(first))
            await stage.delete(video)
        await settle(stage)
        await stage.until(lambda: has_rows(stage, 1))
        await settle(stage)
        await stage.until(lambda: has_rows(stage, 0))
        assert await gone(stage, keys.source_key(first))

    async def test_it_is_no_clip(self, stage: Stage, film: Film) -> None:
        """It shows the whole file, and may be asked to show it again."""
        content = film("silent.mp4")
        first = await stage.upload(content)
        await stage.until_idle(first)
        await until_read(stage)
        second = await share(stage, first, content)
        await stage.until_idle(second)
        with pytest.raises(NotTrimmed):
            async with stage.database.transaction() as db:
                await stage.replacements().untrim(db, await stage.owner(second), second)


@pytest.mark.usefixtures("worker")
class TestReplacing:
    @pytest.mark.parametrize("damaged", [False, True])
    async def test_a_new_file_waits_for_the_verdict(self, stage: Stage, film: Film, damaged: bool) -> None:
        """The old one plays on if the new one is another than was announced."""
        film_id = await stage.upload(film("silent.mp4"))
        await stage.until_idle(film_id)
        content = film("indexed.mp4")
        started = await announce(stage, await stage.owner(film_id), film_id)
        new = UUID(started.video.id)
        announced = sha256(content + b"?" * damaged).digest()
        await stage.execute(
            "UPDATE videos SET status = 'PROCESSING', announced_sha256 = %s WHERE id = %s", announced, new
        )
        await stage.storage.put(keys.source_key(film_id, 2), content, "video/mp4")
        async with stage.database.transaction() as db:
            await stage.queue.enqueue(db, ingest_job(new))
        await stage.until_status(new, "READY")
        await stage.until(lambda: has_no(stage, "replacements.take_over"))
        assert await stage.value("SELECT source_revision FROM videos WHERE id = %s", film_id) == 1
        async with stage.database.transaction() as db:
            await stage.queue.enqueue(db, hash_job(film_id, 2, delay=0.0))
        if not damaged:
            await until_replaced(stage, film_id)
            return
        await stage.until(lambda: failed(stage, new))
        assert (await stage.failure(new))[0] == "checksum_mismatch"
        assert await stage.status(film_id) == "READY"


async def has_no(stage: Stage, name: str) -> bool:
    jobs = "SELECT count(*) = 0 FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing')"
    return bool(await stage.value(jobs, name))


async def failed(stage: Stage, video_id: UUID) -> bool:
    return await stage.status(video_id) == "FAILED"
