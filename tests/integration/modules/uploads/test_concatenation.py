"""Fragments by tus that are joined to one file."""

import os
from uuid import uuid4

import pytest
from tests.integration.conftest import Person, SignUp, age, new_video, problem, remove_deleted
from tests.integration.modules.uploads.tus import MIB, UPLOADS, Tus, id_of, metadata, stored

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.common.jobs import JobRun
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys


class TestConcatenation:
    async def test_fragments_become_one_video(self, ada: Person, tus: Tus, services: Services) -> None:
        """Within the storage where a part lies in one of them, else in constant memory; then they are gone."""
        data = os.urandom(35 * MIB)
        bits = [data[: 5 * MIB], data[5 * MIB : 9 * MIB + 1], data[9 * MIB + 1 :]]
        urls = [(await tus.create(len(bit), bit, **{"Upload-Concat": "partial"})).headers["location"] for bit in bits]
        assert (await ada.get("/api/v1/videos/mine")).json()["items"] == []
        assert (await tus.ask(urls[0])).headers["upload-concat"] == "partial"
        before = (await ada.get("/api/v1/user/usage")).json()
        final = {**tus.headers, "Upload-Concat": f"final;{' '.join(urls)}", **metadata(filename="sea.mp4")}
        answer = await tus.client.post(UPLOADS, headers=final)
        assert answer.status_code == 201, answer.text
        url = answer.headers["location"]
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == before["bytes"] == len(data)
        told = await tus.ask(url)
        assert "upload-offset" not in told.headers
        assert told.headers["upload-concat"] == final["Upload-Concat"]
        problem(await tus.send(url, 0, b"x"), 403, "final_upload")

        for _ in range(2):
            await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await stored(services, id_of(url)) == data
        assert await tus.offset(url) == len(data)
        assert [video["id"] for video in (await ada.get("/api/v1/videos/mine")).json()["items"]] == [str(id_of(url))]
        assert set(await remove_deleted(services)) == {str(id_of(bit)) for bit in urls}
        with pytest.raises(NoSuchObjectError):
            await services.storage.size(keys.source_key(id_of(urls[0])))

    async def test_only_finished_fragments_of_ones_own_are_joined(self, tus: Tus, bob: Person) -> None:
        """Neither a video, nor another's, nor what is still awaited; and none of them is used up by trying."""
        whole = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        others = [
            await tus.begin(10),
            await tus.begin(10, **{"Upload-Concat": "partial"}),
            (await Tus(bob).create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"],
            f"{UPLOADS}/{uuid4()}",
        ]
        for other in others:
            headers = {**tus.headers, "Upload-Concat": f"final;{whole} {other}"}
            problem(await tus.client.post(UPLOADS, headers=headers), 409, "fragments_unfinished")
        assert (await tus.client.post(UPLOADS, headers={**headers, "Upload-Concat": f"final;{whole}"})).is_success

    async def test_what_is_being_joined_stays_until_it_is(self, ada: Person, tus: Tus, services: Services) -> None:
        """However long that takes: nobody has to send anything any more."""
        bit = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        url = await tus.join(bit)
        problem(await tus.delete(bit), 409, "fragment_in_use")
        problem(await ada.delete(f"/api/v1/videos/{id_of(bit)}"), 409, "fragment_in_use")
        await age(services, "updated_at", 25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await stored(services, id_of(url)) == b"abc"

    @pytest.mark.parametrize("way", ["terminate", "delete"])
    async def test_fragments_go_with_what_they_are_joined_to(
        self, ada: Person, tus: Tus, services: Services, way: str
    ) -> None:
        """And count as long as they do not."""
        bit = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        url = await tus.join(bit)
        if way == "terminate":
            assert (await tus.delete(url)).status_code == 204
        else:
            assert (await ada.delete(f"/api/v1/videos/{id_of(url)}")).status_code == 204
        assert set(await remove_deleted(services)) == {str(id_of(bit)), str(id_of(url))}
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 0
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET deleted_at = NULL WHERE id = %s", (id_of(bit),))
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 3

    async def test_a_fragment_is_no_video(self, ada: Person, tus: Tus) -> None:
        """It cannot be completed as one."""
        url = await tus.begin(10, **{"Upload-Concat": "partial"})
        problem(await ada.post(f"/api/v1/videos/complete/{id_of(url)}"), 404, "video_not_found")


class TestQuotaOfInit:
    async def test_a_fragment_counts_until_it_is_joined(self, ada: Person, tus: Tus, sign_up: SignUp) -> None:
        """And what it is joined to counts once, also where nothing more would fit."""
        admin = await sign_up(role="ADMIN")
        await ada.client.put(f"/api/v1/users/{ada.id}/quota", json={"bytes": 6}, headers=admin.headers)
        urls = [(await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"] for _ in range(2)]
        problem(await ada.post("/api/v1/videos/init", new_video(filesize=1)), 403, "quota_exceeded")
        headers = {**tus.headers, "Upload-Concat": f"final;{' '.join(urls)}"}
        assert (await tus.client.post(UPLOADS, headers=headers)).status_code == 201
