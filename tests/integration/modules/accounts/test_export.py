"""All of an account as one file, and nothing of anybody else's."""

import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, problem

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_one, fetch_value
from matinee.common.jobs import JobLostError, JobRun
from matinee.common.storage.port import NoSuchUploadError
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.accounts import archive, volumes
from matinee.modules.accounts.archive import Archive

EXPORT = "/api/v1/user/export"
PROOF = {"password": PASSWORD}
_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT id FROM procrastinate_jobs WHERE task_name = 'accounts.export' AND status = 'todo' LIMIT 1)
RETURNING id, args ->> 'user_id' AS user_id, args ->> 'export_id' AS export_id
"""
_READY = "UPDATE videos SET status = 'PROCESSING' WHERE id = %s"
_ADD_TRACK = """
INSERT INTO text_tracks (id, video_id, kind, language, name, is_default, is_forced, format, encoding, cues)
VALUES (%s, %s, 'subtitles', 'en', '', false, false, 'vtt', 'utf-8', 1)
"""


class _Job(msgspec.Struct):
    id: int
    user_id: str
    export_id: str


async def make(services: Services) -> None:
    """A worker's run of the job that makes an export."""
    async with services.database.connection() as db:
        worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        job = await fetch_one(db, _Job, _TAKE, (worker,))
    assert job is not None
    await services.exports.make(JobRun(job.id, worker, 1), job.user_id, job.export_id)


async def address(person: Person, path: str = EXPORT) -> str:
    """Where it is fetched."""
    answer = await person.post(f"{path}/address", PROOF)
    assert answer.status_code == 200, answer.text
    [url] = answer.json()["urls"]
    return str(url)


async def fetched(url: str) -> zipfile.ZipFile:
    """The archive, sound in all its files."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    return found


def read(found: zipfile.ZipFile, name: str) -> Any:
    return msgspec.json.decode(found.read(name))


async def stored_video(services: Services, person: Person) -> UUID:
    """A video with its file and a text track."""
    video_id, track = UUID((await person.init())["video"]["id"]), uuid4()
    await services.storage.put(keys.source_key(video_id), b"film" * 1000, "video/mp4")
    await services.storage.put(keys.captions_key(video_id, track), b"WEBVTT\n", "text/vtt")
    async with services.database.connection() as db:
        await execute(db, _READY, (video_id,))
        await execute(db, _ADD_TRACK, (track, video_id))
    return video_id


async def test_all_that_is_ones_own_is_in_it(ada: Person, bob: Person, services: Services) -> None:
    """As JSON, captions as they are, files by their addresses; no secret, and nothing of others."""
    video_id = await stored_video(services, ada)
    await stored_video(services, bob)
    key = (
        await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
    ).json()
    await ada.client.put(f"/api/v1/videos/{video_id}/reaction", json={"kind": "like"}, headers=ada.headers)
    await ada.client.put(f"/api/v1/videos/{video_id}/position", json={"position": 7.5}, headers=ada.headers)
    team = (await ada.post("/api/v1/teams", {"name": "Film club"})).json()
    asked = await ada.post(EXPORT, PROOF)
    assert (asked.status_code, asked.json()["state"]) == (202, "making")
    await make(services)
    ready = (await ada.get(EXPORT)).json()
    found = await fetched(await address(ada))
    assert (ready["state"], ready["percent"]) == ("ready", 100)
    assert ready["size"] > 1000
    assert read(found, "profile.json")[0]["email"] == ada.email
    assert [video["id"] for video in read(found, "videos.json")] == [str(video_id)]
    assert [each["name"] for each in read(found, "api-keys.json")] == ["Import"]
    assert len(read(found, "sessions.json")) == 1
    assert read(found, "comments.json") == []
    assert [(each["video_id"], each["kind"]) for each in read(found, "reactions.json")] == [(str(video_id), "like")]
    assert [(each["video_id"], each["position"]) for each in read(found, "history.json")] == [(str(video_id), 7.5)]
    assert [(each["team_id"], each["role"]) for each in read(found, "teams.json")] == [(team["id"], "owner")]
    [file] = read(found, "files.json")
    async with httpx.AsyncClient() as client:
        assert (await client.get(file["url"])).content == b"film" * 1000
    [captions] = [name for name in found.namelist() if name.startswith("captions/")]
    assert found.read(captions) == b"WEBVTT\n"
    everything = b"".join(found.read(name) for name in found.namelist())
    assert key["secret"][13:].encode() not in everything
    assert bob.email.encode() not in everything


async def test_an_open_session_is_not_enough(ada: Person, sign_up: SignUp, services: Services) -> None:
    """Whoever finds a device open takes nothing away, nor what is there already; an administrator's neither."""
    problem(await ada.post(EXPORT), 403, "proof_required")
    problem(await ada.post(EXPORT, {"password": "not the one"}), 403, "wrong_account_password")
    problem(await ada.get(EXPORT), 404, "no_export")
    await ada.post(EXPORT, PROOF)
    problem(await ada.post(f"{EXPORT}/address", PROOF), 404, "no_export")
    await make(services)
    of_ada = f"/api/v1/users/{ada.id}/export"
    for person, path in ((ada, EXPORT), (await sign_up(role="ADMIN"), of_ada)):
        assert "urls" not in (await person.get(path)).json()
        problem(await person.post(f"{path}/address"), 403, "proof_required")
        problem(await person.post(f"{path}/address", {"password": "not it"}), 403, "wrong_account_password")
        await fetched(await address(person, path))
    noted = [event["what"] for event in (await ada.get("/api/v1/user/audit")).json()["items"]]
    assert noted.count("account.export_fetched") == 2


async def test_with_the_files_themselves(ada: Person, services: Services) -> None:
    """Where that was chosen; the export before is gone."""
    video_id = await stored_video(services, ada)
    await ada.post(EXPORT, PROOF)
    await make(services)
    former = await address(ada)
    await ada.post(EXPORT, {**PROOF, "include_files": True})
    await make(services)
    found = await fetched(await address(ada))
    assert found.read(f"files/{video_id}.mp4") == b"film" * 1000
    assert "files.json" not in found.namelist()
    async with httpx.AsyncClient() as client:
        assert (await client.get(former)).status_code == 404


async def test_one_is_made_at_a_time_and_goes_after_days(ada: Person, services: Services) -> None:
    """Asked for again meanwhile it is the same; when its time is over nothing of it is left."""
    problem(await ada.get(EXPORT), 404, "no_export")
    for _ in range(2):
        await ada.post(EXPORT, PROOF)
    await make(services)
    async with services.database.connection() as db:
        assert await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == 0
    await services.exports.forget_old()
    assert (await ada.get(EXPORT)).json()["state"] == "ready"
    async with services.database.connection() as db:
        await execute(db, "UPDATE account_exports SET ready_at = ready_at - interval '8 days'")
    await services.exports.forget_old()
    problem(await ada.get(EXPORT), 404, "no_export")
    assert [stored async for stored in services.storage.list_objects(f"exports/{ada.id}/")] == []


@pytest.mark.parametrize("is_ready", [False, True])
async def test_it_ends_with_the_password(is_ready: bool, ada: Person, services: Services) -> None:
    """Whoever asked for it may not have been its owner; one that is being made is not completed."""
    await ada.post(EXPORT, PROOF)
    if is_ready:
        await make(services)
    changed = {"present_password": PASSWORD, "new_password": "seven lonely anvils"}
    assert (await ada.post("/api/v1/auth/password", changed)).status_code == 204
    if not is_ready:
        await make(services)
    ended = (await ada.get(EXPORT)).json()
    assert ended["state"] == "failed"
    stored = [found async for found in services.storage.list_objects(f"exports/{ada.id}/")]
    assert len(stored) == is_ready, "what was completed goes with the others"


async def test_none_is_made_of_an_account_that_is_erased(ada: Person, sign_up: SignUp, services: Services) -> None:
    """Neither begun nor completed, and nothing of it is left."""
    admin = await sign_up(role="ADMIN")
    path = f"/api/v1/users/{ada.id}/export"
    await admin.post(path, PROOF)
    async with services.database.connection() as db:
        await execute(db, "UPDATE users SET closed_at = now(), erase_at = now() WHERE id = %s", (UUID(ada.id),))
    await make(services)
    assert [stored async for stored in services.storage.list_objects(f"exports/{ada.id}/")] == []
    async with services.database.connection() as db:
        await execute(db, "DELETE FROM account_exports")
    problem(await admin.post(path, PROOF), 404, "no_export")


async def test_a_run_that_lost_its_job_records_nothing(ada: Person, services: Services) -> None:
    """And one that is given up can be asked for again."""
    await ada.post(EXPORT, PROOF)
    async with services.database.connection() as db:
        export_id = str(await fetch_value(db, "SELECT id FROM account_exports"))
    with pytest.raises(JobLostError):
        await services.exports.make(JobRun(1_000_000, 1, 1), ada.id, export_id)
    assert (await ada.get(EXPORT)).json()["state"] == "making"
    async with services.database.transaction() as db:
        await services.exports.give_up(db, ada.id, export_id)
    assert (await ada.get(EXPORT)).json()["state"] == "failed"
    assert (await ada.post(EXPORT, PROOF)).json()["state"] == "making"


async def test_administrators_do_it_for_others(ada: Person, sign_up: SignUp, services: Services) -> None:
    """By the account's id, and by their own password."""
    admin = await sign_up(role="ADMIN")
    problem(await admin.post(f"/api/v1/users/{ada.id}/export"), 403, "proof_required")
    assert (await admin.post(f"/api/v1/users/{ada.id}/export", PROOF)).status_code == 202
    await make(services)
    found = await fetched(await address(admin, f"/api/v1/users/{ada.id}/export"))
    assert read(found, "profile.json")[0]["id"] == ada.id
    problem(await admin.post(f"/api/v1/users/{uuid4()}/export", PROOF), 404, "no_export")


async def test_very_much_is_several_archives(
    ada: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by itself sound; of a run that was killed amid one nothing is left."""
    monkeypatch.setattr(volumes, "_VOLUME", 10_000)  # bytes: two of these files and not three
    stored = {f"files/{await stored_video(services, ada)}.mp4" for _ in range(5)}
    await ada.post(EXPORT, {**PROOF, "include_files": True})
    async with services.database.connection() as db:
        export_id = await fetch_value(db, "SELECT id FROM account_exports")
    key = f"exports/{ada.id}/{export_id}"
    for ending in (".zip", "-2.zip"):
        await services.storage.put(f"{key}{ending}", b"of an earlier run", "application/zip")
    left = await services.storage.begin_upload(f"{key}-3.zip", "application/zip")
    await make(services)
    with pytest.raises(NoSuchUploadError):
        await services.storage.list_parts(f"{key}-3.zip", left)
    shown = (await ada.get(EXPORT)).json()
    urls = (await ada.post(f"{EXPORT}/address", PROOF)).json()["urls"]
    found = [await fetched(url) for url in urls]
    names = [name for each in found for name in each.namelist()]
    assert (shown["archives"], len(found)) == (3, 3)
    assert len(names) == len(set(names))
    assert {name for name in names if name.startswith("files/")} == stored
    assert shown["size"] == sum([one.size async for one in services.storage.list_objects(key)])


def test_a_file_that_is_larger_than_an_archive_has_larger_parts() -> None:
    """As many as a storage takes; of all else they are small."""
    assert volumes.part_size_for(100 * 1024**3) == archive.PART
    assert 5 * 1024**4 / volumes.part_size_for(5 * 1024**4) < 10_000


async def test_a_large_archive_is_stored_part_by_part(storage: S3Storage) -> None:
    """No more of it is in memory than a part and what was just read."""
    most = 0

    async def film() -> AsyncIterator[bytes]:
        nonlocal most
        for number in range(24):
            yield bytes([number]) * 1024 * 1024
            most = max(most, len(made._written.data))

    key = f"exports/{uuid4()}/{uuid4()}.zip"
    made = await Archive.begin(storage, key, 5 * 1024 * 1024)
    await made.add("film.mp4", film(), compress=False)
    size = await made.close()
    assert len(made._parts) == 5
    assert most < 5 * 1024 * 1024 + 1000
    found = await fetched(await storage.get_url(key, 60))
    assert found.getinfo("film.mp4").file_size == 24 * 1024 * 1024
    assert size == await storage.size(key)
    await storage.delete(key)
