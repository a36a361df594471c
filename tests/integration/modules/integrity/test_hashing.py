"""What uploaded files are: read by the server, compared with what was announced and with the owner's others."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import md5, sha256
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, new_video, problem

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_all, fetch_one, fetch_value
from matinee.common.jobs import JobLostError, JobRun
from matinee.common.storage.port import StorageUnavailable
from matinee.media import keys
from matinee.modules.integrity import hashing
from matinee.modules.integrity.hashing import FileHashing, hash_unhashed

INIT = "/api/v1/videos/init"
COMPLETE = "/api/v1/videos/complete"
SEA = b"the sea " * 4000
LAKE = b"the lake" * 4000


def hexed(data: bytes) -> str:
    return sha256(data).hexdigest()


class Job(msgspec.Struct):
    id: int
    name: str
    args: str


_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT id FROM procrastinate_jobs WHERE task_name LIKE 'integrity.%%' AND status = 'todo'
    AND args ->> 'video_id' = coalesce(%s, args ->> 'video_id') LIMIT 1)
RETURNING id, task_name AS name, args::text AS args
"""
_MAKE_READY = "UPDATE videos SET status = 'READY', plan = '{}', duration = 60 WHERE id = ANY(%s::uuid[])"


class Reader:
    """Does what a worker's lane `files` does."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.hashing = FileHashing(services.database, services.storage, services.queue, self._attend)

    async def take(self, video_id: str | None = None) -> tuple[JobRun, Job] | None:
        async with self.services.database.connection() as db:
            worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            job = await fetch_one(db, Job, _TAKE, (worker, video_id))
        return None if job is None else (JobRun(job.id, worker, 1), job)

    async def read_all(self, video_id: str | None = None) -> int:
        """Does every job that waits, or those of one video; returns how many there were."""
        done = 0
        while taken := await self.take(video_id):
            await self.run(*taken)
            done += 1
        return done

    async def run(self, run: JobRun, job: Job) -> None:
        work: Any = self.hashing.hash if job.name == "integrity.hash" else self.hashing.hash_sound
        await work(run, **msgspec.json.decode(job.args))
        async with self.services.database.connection() as db:
            await execute(db, "DELETE FROM procrastinate_jobs WHERE id = %s", (run.job_id,))

    async def hashes(self) -> dict[UUID, bytes]:
        """What is recorded, by video."""
        async with self.services.database.connection() as db:
            rows = await fetch_all(db, Known, "SELECT video_id, sha256 FROM file_hashes LIMIT 100")
        return {row.video_id: row.sha256 for row in rows}

    async def make_ready(self, *videos: str) -> None:
        """As if they were encoded."""
        async with self.services.database.connection() as db:
            await execute(db, _MAKE_READY, ([UUID(video) for video in videos],))

    async def finish(self, person: Person, data: bytes, **fields: Any) -> str:
        """A video that can be played, whose file was not read yet."""
        video_id = await person.upload(data, **fields)
        answer = await person.post(f"{COMPLETE}/{video_id}")
        assert answer.status_code == 200, answer.text
        await self.make_ready(video_id)
        return video_id

    @staticmethod
    async def _attend(run: JobRun, video_id: UUID, work: Any) -> None:
        await work(run, video_id)


class Known(msgspec.Struct):
    video_id: UUID
    sha256: bytes


@pytest.fixture
async def reader(services: Services) -> AsyncIterator[Reader]:
    """The lane that reads files."""
    return Reader(services)


async def failure(services: Services, video_id: str) -> tuple[str, str | None]:
    async with services.database.connection() as db:
        status = await fetch_value(db, "SELECT status FROM videos WHERE id = %s", (UUID(video_id),))
        return status, await fetch_value(db, "SELECT failure_code FROM videos WHERE id = %s", (UUID(video_id),))


class TestReading:
    async def test_every_file_is_known_after_its_upload(self, ada: Person, reader: Reader) -> None:
        """Whether something was announced or not."""
        video_id = await reader.finish(ada, SEA)
        assert await reader.read_all() == 1
        assert await reader.hashes() == {UUID(video_id): sha256(SEA).digest()}

    async def test_it_is_read_by_blocks(self, ada: Person, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
        """In constant memory, the last one shorter."""
        monkeypatch.setattr(hashing, "_BLOCK_BYTES", 1000)
        video_id = await reader.finish(ada, SEA)
        await reader.read_all()
        assert (await reader.hashes())[UUID(video_id)] == sha256(SEA).digest()

    async def test_an_outage_of_the_storage_is_outlasted(
        self, ada: Person, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without reading again what was read."""
        monkeypatch.setattr(hashing, "_BLOCK_BYTES", len(SEA) // 2)
        read, asked = reader.services.storage.read, []

        async def fail_once(key: str, start: int, length: int) -> bytes:
            asked.append(start)
            if len(asked) == 2:
                raise StorageUnavailable
            return await read(key, start, length)

        monkeypatch.setattr(reader.services.storage, "read", fail_once)
        video_id = await reader.finish(ada, SEA)
        await reader.read_all()
        assert asked == [0, len(SEA) // 2, len(SEA) // 2]
        assert (await reader.hashes())[UUID(video_id)] == sha256(SEA).digest()

    async def test_a_worker_that_lost_its_job_records_nothing(self, ada: Person, reader: Reader) -> None:
        """Another one reads the file."""
        await reader.finish(ada, SEA)
        taken = await reader.take()
        assert taken is not None
        run, job = taken
        with pytest.raises(JobLostError):
            await reader.run(msgspec.structs.replace(run, worker_id=run.worker_id + 1), job)
        assert await reader.hashes() == {}
        await reader.run(run, job)
        assert len(await reader.hashes()) == 1

    async def test_files_from_before_are_read_by_and_by(self, ada: Person, reader: Reader) -> None:
        """And those whose jobs were lost; each once."""
        video_id = await reader.finish(ada, SEA)
        async with reader.services.database.connection() as db:
            await execute(db, "DELETE FROM procrastinate_jobs WHERE task_name LIKE 'integrity.%%'")
        for expected in (1, 0):
            await hash_unhashed(reader.services.database, reader.services.queue)
            assert await reader.read_all() == expected
        assert list(await reader.hashes()) == [UUID(video_id)]

    async def test_a_replacement_is_read_and_a_failed_import_is_not(self, ada: Person, reader: Reader) -> None:
        """One waits for it to take its place, the other has no file."""
        video_id, other, fetched = [await reader.finish(ada, data) for data in (SEA, LAKE, SEA)]
        async with reader.services.database.connection() as db:
            replace = "UPDATE videos SET replaces = %s, source_id = %s, source_revision = 7 WHERE id = %s"
            await execute(db, replace, (video_id, video_id, other))
            await execute(db, "INSERT INTO imports (video_id, url) VALUES (%s, 'https://example.org')", (fetched,))
            await execute(db, "DELETE FROM procrastinate_jobs WHERE task_name LIKE 'integrity.%%'")
            await hash_unhashed(reader.services.database, reader.services.queue)
            found = await fetch_value(db, "SELECT array_agg(lock) FROM procrastinate_jobs WHERE lock LIKE 'hash:%%'")
        assert set(found) == {f"hash:{video_id}:{revision}" for revision in (1, 7)}

    async def test_a_video_that_is_deleted_meanwhile_is_no_trouble(
        self, ada: Person, reader: Reader, services: Services
    ) -> None:
        """There is nothing to read."""
        video_id = await reader.finish(ada, SEA)
        await services.storage.delete(keys.source_key(UUID(video_id)))
        assert await reader.read_all() == 1
        assert await reader.hashes() == {}


class TestAnnounced:
    async def test_what_was_announced_and_arrived_plays(self, ada: Person, reader: Reader) -> None:
        """Said when the upload begins, or when it ends."""
        first = await reader.finish(ada, SEA, sha256=hexed(SEA))
        second = await ada.upload(LAKE)
        assert (await ada.post(f"{COMPLETE}/{second}", {"sha256": hexed(LAKE)})).status_code == 200
        await reader.make_ready(second)
        await reader.read_all()
        assert await failure(reader.services, first) == ("READY", None)
        assert await failure(reader.services, second) == ("READY", None)

    @pytest.mark.parametrize("at_the_end", [False, True])
    async def test_another_file_is_not_played(self, ada: Person, reader: Reader, at_the_end: bool) -> None:
        """It fails by a code and a sentence of its own; what arrived is on record."""
        announced = {"sha256": hexed(LAKE)}
        video_id = await ada.upload(SEA, **({} if at_the_end else announced))
        await ada.post(f"{COMPLETE}/{video_id}", announced if at_the_end else {})
        await reader.make_ready(video_id)
        await reader.read_all()
        assert await failure(reader.services, video_id) == ("FAILED", "checksum_mismatch")
        video = (await ada.get(f"/api/v1/videos/{video_id}")).json()
        assert "another SHA-256" in video["failure"]["detail"]
        assert await reader.hashes() == {UUID(video_id): sha256(SEA).digest()}

    async def test_a_retry_reads_the_file_again(self, ada: Person, reader: Reader) -> None:
        """A file that is another stays one, whatever else is tried."""
        video_id = await reader.finish(ada, SEA, sha256=hexed(LAKE))
        await reader.read_all()
        async with reader.services.database.connection() as db:
            await execute(db, "UPDATE videos SET plan = NULL WHERE id = %s", (UUID(video_id),))
        assert (await ada.post(f"/api/v1/videos/{video_id}/encoding/retry")).status_code == 200
        assert await reader.read_all() == 1
        assert await failure(reader.services, video_id) == ("FAILED", "checksum_mismatch")

    async def test_two_hashes_that_differ_are_refused(self, ada: Person) -> None:
        """Nothing is joined: the upload may still be ended by the right one."""
        video_id = await ada.upload(SEA, sha256=hexed(SEA))
        answer = await ada.post(f"{COMPLETE}/{video_id}", {"sha256": hexed(LAKE)})
        problem(answer, 409, "hashes_differ")
        assert (await ada.post(f"{COMPLETE}/{video_id}", {"sha256": hexed(SEA)})).status_code == 200

    @pytest.mark.parametrize("text", ["", "abc", "Z" * 64, hexed(SEA) + "0", hexed(SEA).upper()])
    async def test_what_is_no_hash_is_refused(self, ada: Person, text: str) -> None:
        """By the field's name."""
        answer = await ada.post(INIT, new_video(sha256=text))
        assert problem(answer, 422, "validation_failed")["errors"][0]["path"] == "sha256"

    async def test_the_storage_refuses_a_part_that_arrives_as_another(self, ada: Person) -> None:
        """By the Content-MD5 that a client may send of its own accord, before anything is stored."""
        video_id = (await ada.init(filesize=len(SEA)))["video"]["id"]
        part = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()["parts"][0]
        digest = {"Content-MD5": b64encode(md5(SEA, usedforsecurity=False).digest()).decode()}
        async with httpx.AsyncClient() as storage:
            damaged = await storage.put(part["url"], content=b"?" + SEA[1:], headers=digest)
            assert damaged.status_code == 400
            assert "BadDigest" in damaged.text
            assert (await storage.put(part["url"], content=SEA, headers=digest)).status_code == 200


class TestDuplicates:
    async def test_a_file_that_is_there_is_not_taken_twice(self, ada: Person, reader: Reader) -> None:
        """The present video is named, for people and for programs; nothing was made."""
        first = await reader.finish(ada, SEA, title="The sea")
        await reader.read_all()
        body = problem(await ada.post(INIT, new_video(filesize=len(SEA), sha256=hexed(SEA))), 409, "duplicate_file")
        assert body["existing"] == first
        assert "The sea" in body["detail"]
        assert len((await ada.get("/api/v1/videos/mine")).json()["items"]) == 1

    async def test_it_is_shared_for_whoever_asks(self, ada: Person, reader: Reader, services: Services) -> None:
        """Without an upload, and without counting twice."""
        first = await reader.finish(ada, SEA)
        await reader.read_all()
        new = new_video(title="Again", filesize=len(SEA), sha256=hexed(SEA), on_duplicate="share")
        answer = await ada.post(INIT, new)
        assert answer.status_code == 201, answer.text
        assert answer.json()["upload"] is None
        video = answer.json()["video"]
        assert (video["status"], video["title"], video["duplicate_of"]) == ("PROCESSING", "Again", first)
        usage = (await ada.get("/api/v1/user/usage")).json()
        assert (usage["bytes"], usage["videos"]) == (len(SEA), 2)
        problem(await ada.get(f"/api/v1/videos/signedurl/{video['id']}"), 409, "upload_finished")

    async def test_a_key_shares_what_it_may_read(self, ada: Person, reader: Reader, api: httpx.AsyncClient) -> None:
        """Else one that only uploads would publish what it has never seen; to it, no title is told either."""
        first = await reader.finish(ada, SEA, title="The sea")
        await reader.read_all()
        new = new_video(filesize=len(SEA), sha256=hexed(SEA), visibility="public")

        async def ask(*scopes: str, **fields: str) -> httpx.Response:
            key = (
                await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": scopes})
            ).json()
            return await api.post(INIT, json={**new, **fields}, headers={"Authorization": f"Bearer {key['secret']}"})

        refused = problem(await ask("uploads:write"), 409, "duplicate_file")
        assert (refused["existing"], "The sea" in refused["detail"]) == (first, False)
        assert "The sea" in problem(await ask("uploads:write", "videos:read"), 409, "duplicate_file")["detail"]
        for scopes in (["uploads:write", "videos:read"], ["uploads:write", "videos:write"]):
            problem(await ask(*scopes, on_duplicate="share"), 403, "insufficient_scope")
        answer = await ask("uploads:write", "videos:read", "videos:write", on_duplicate="share")
        assert answer.json()["video"]["duplicate_of"] == first

    async def test_other_accounts_files_are_nobodys_business(self, ada: Person, bob: Person, reader: Reader) -> None:
        """No hash tells what others have."""
        await reader.finish(ada, SEA)
        await reader.read_all()
        new = new_video(filesize=len(SEA), sha256=hexed(SEA), on_duplicate="share")
        assert (await bob.post(INIT, new)).json()["upload"] is not None

    async def test_what_was_only_announced_does_not_count(self, ada: Person, reader: Reader) -> None:
        """Nor what turned out to be another file."""
        await reader.finish(ada, LAKE, sha256=hexed(SEA))
        for _ in range(2):
            answer = await ada.post(INIT, new_video(filesize=len(SEA), sha256=hexed(SEA)))
            assert answer.status_code == 201, answer.text
            await reader.read_all()

    async def test_a_deleted_video_is_none(self, ada: Person, reader: Reader) -> None:
        """The file is taken as if it had never been."""
        first = await reader.finish(ada, SEA)
        await reader.read_all()
        await ada.delete(f"/api/v1/videos/{first}")
        assert (await ada.post(INIT, new_video(filesize=len(SEA), sha256=hexed(SEA)))).status_code == 201

    async def test_they_are_found_afterwards(self, ada: Person, bob: Person, reader: Reader) -> None:
        """Of whoever announced nothing; whichever file is read first. Its owner alone is told."""
        first = await reader.finish(ada, SEA)
        second = await reader.finish(ada, SEA, visibility="public")
        await reader.finish(bob, SEA)
        assert await reader.read_all(second) == 1  # the younger one's first
        assert await reader.read_all() == 2

        async def duplicate_of(video_id: str) -> str | None:
            async with reader.services.database.connection() as db:
                found = await fetch_value(db, "SELECT duplicate_of FROM videos WHERE id = %s", (UUID(video_id),))
            return str(found) if found else None

        assert await duplicate_of(second) == first
        assert await duplicate_of(first) is None
        async with reader.services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM videos WHERE duplicate_of IS NOT NULL") == 1

    async def test_many_at_once_make_as_many_videos_of_one_file(self, ada: Person, reader: Reader) -> None:
        """And while they are made, the first is not deleted under them: either it was there, or nothing is shared."""
        first = await reader.finish(ada, SEA)
        await reader.read_all()
        new = new_video(filesize=len(SEA), sha256=hexed(SEA), on_duplicate="share")
        *answers, _ = await asyncio.gather(
            *(ada.post(INIT, new) for _ in range(8)), ada.delete(f"/api/v1/videos/{first}")
        )
        shared = [answer.json()["video"]["id"] for answer in answers if answer.json()["upload"] is None]
        async with reader.services.database.connection() as db:
            count = "SELECT count(*) FROM videos WHERE source_id = %s AND shares_file"
            assert await fetch_value(db, count, (UUID(first),)) == len(shared)
        assert all(answer.status_code == 201 for answer in answers)
