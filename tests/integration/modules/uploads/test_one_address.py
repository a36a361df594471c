"""Files that are sent to the one address of a video."""

import os
from uuid import UUID

import httpx
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.uploads.tus import MIB, job_of, pieces_of, status_of, stored

from matinee.bootstrap import Services
from matinee.common.jobs import JobRun


class TestAddress:
    async def test_it_takes_the_whole_file(self, ada: Person, services: Services) -> None:
        """From whoever has it."""
        data = os.urandom(17 * MIB)
        started = await ada.init(filesize=len(data))
        answer = await ada.client.put(started["upload"]["url"], content=data)
        assert (answer.status_code, answer.json()) == (200, {"received": len(data)})
        assert await stored(services, UUID(started["video"]["id"])) == data
        assert await status_of(services, UUID(started["video"]["id"])) == "PROCESSING"

    async def test_it_takes_windows_and_says_what_it_has(self, ada: Person, services: Services) -> None:
        """308 until all is there; bytes that came already may come again, also when nothing is missing."""
        data = os.urandom(1000)
        started = await ada.init(filesize=1000)

        async def put(start: int | None, end: int = 0) -> tuple[int, str | None]:
            window = "*" if start is None else f"{start}-{end - 1}"
            headers = {"Content-Range": f"bytes {window}/1000", "Content-Type": "video/mp4"}
            body = b"" if start is None else data[start:end]
            answer = await ada.client.put(started["upload"]["url"], content=body, headers=headers)
            return answer.status_code, answer.headers.get("range")

        assert await put(None) == (308, None)
        assert await put(0, 300) == (308, "bytes=0-299")
        assert await put(0, 300) == (308, "bytes=0-299")
        assert await put(100, 500) == (308, "bytes=0-499")
        assert (await put(501, 1000))[0] == 409
        assert await put(None) == (308, "bytes=0-499")
        assert await put(500, 1000) == (200, None)
        assert await put(500, 1000) == (200, None)
        assert await put(None) == (200, None)
        assert await stored(services, UUID(started["video"]["id"])) == data

    @pytest.mark.parametrize("token", ["", "x", "x" * 43])
    async def test_a_wrong_one_leads_nowhere(self, ada: Person, token: str) -> None:
        """As a video that is not there."""
        started = await ada.init()
        url = started["upload"]["url"].partition("token=")[0] + f"token={token}"
        problem(await ada.client.put(url, content=b"x" * 1000), 404, "video_not_found")

    async def test_each_video_has_its_own(self, ada: Person) -> None:
        """That of another opens nothing."""
        one, other = (await ada.init())["video"]["id"], (await ada.init())["upload"]["url"]
        url = f"/api/v1/videos/{one}/file?{other.partition('?')[2]}"
        problem(await ada.client.put(url, content=b"x" * 1000), 404, "video_not_found")

    async def test_it_ends_with_its_video(self, ada: Person) -> None:
        """Nothing can be done with it any more."""
        started = await ada.init()
        await ada.post(f"/api/v1/videos/abort/{started['video']['id']}")
        problem(await ada.client.put(started["upload"]["url"], content=b"x" * 1000), 404, "video_not_found")

    async def test_parts_that_were_received_need_not_be_signed(self, ada: Person, services: Services) -> None:
        """The storage has one upload, however its parts came."""
        data = os.urandom(16 * MIB + 100)
        started = await ada.init(filesize=len(data))
        video_id = started["video"]["id"]
        headers = {"Content-Range": f"bytes 0-{16 * MIB - 1}/{len(data)}"}
        await ada.client.put(started["upload"]["url"], content=data[: 16 * MIB], headers=headers)
        signed = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()
        assert [part["part_number"] for part in signed["parts"]] == [2]
        async with httpx.AsyncClient() as storage:
            await storage.put(signed["parts"][0]["url"], content=data[16 * MIB :])
        assert (await ada.post(f"/api/v1/videos/complete/{video_id}")).status_code == 200
        assert await stored(services, UUID(video_id)) == data

    async def test_pieces_go_when_the_upload_is_ended_otherwise(self, ada: Person, services: Services) -> None:
        """By a job."""
        data = os.urandom(16 * MIB)
        started = await ada.init(filesize=len(data))
        video_id = started["video"]["id"]
        headers = {"Content-Range": f"bytes 0-99/{len(data)}"}
        await ada.client.put(started["upload"]["url"], content=data[:100], headers=headers)
        signed = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()
        async with httpx.AsyncClient() as storage:
            await storage.put(signed["parts"][0]["url"], content=data)
        assert (await ada.post(f"/api/v1/videos/complete/{video_id}")).status_code == 200
        assert await job_of(services, "uploads.join") == 1
        await services.joining.join(JobRun(1, 1, 1), video_id)
        assert await pieces_of(services, UUID(video_id)) == []
