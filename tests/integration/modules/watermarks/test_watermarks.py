"""Watermarks over HTTP: who may, what is chosen, what is refused."""

import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace
from tests.integration.conftest import Person, problem
from tests.integration.media.test_pictures import DISGUISED, png
from tests.integration.modules.replacements.test_announcing import FILE, playable

from matinee.bootstrap import Services
from matinee.common.config import ConfigError, Settings
from matinee.common.database import execute, fetch_value
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.modules.encoding.marks import read_default_mark
from matinee.modules.watermarks.routes import LARGEST_IMAGE


@pytest.fixture(scope="session")
def logo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PNG of 120 × 60."""
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    command = [find_binaries().ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=red:s=120x60", "-frames:v", "1"]
    subprocess.run([*command, str(path)], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path.read_bytes()


def path_of(video_id: str) -> str:
    return f"/api/v1/videos/{video_id}/watermark"


async def put(person: Person, video_id: str, image: bytes, **query: Any) -> httpx.Response:
    headers = {**person.headers, "Content-Type": "image/png"}
    return await person.client.put(path_of(video_id), content=image, params=query, headers=headers)


async def remakes(services: Services, video_id: str) -> int:
    """How many videos are to take its place."""
    async with services.database.connection() as db:
        sql = "SELECT count(*) FROM videos WHERE replaces = %s AND deleted_at IS NULL"
        return int(await fetch_value(db, sql, (UUID(video_id),)))


class TestChoosing:
    async def test_before_the_upload(self, ada: Person, services: Services, logo: bytes) -> None:
        """Nothing is made for it; the image is kept beside the file."""
        video_id = (await ada.init())["video"]["id"]
        answer = await put(ada, video_id, logo, position="top", opacity=0.4, width=0.3, margin=0.1)
        assert answer.status_code == 200, answer.text
        chosen = answer.json()
        assert chosen == {
            "position": "top", "opacity": 0.4, "width": 0.3, "margin": 0.1, "image_width": 120, "image_height": 60,
            "origin": "owner", "applied": False, "failure": None,
        }  # fmt: skip
        assert (await ada.get(path_of(video_id))).json() == chosen
        assert await remakes(services, video_id) == 0
        prefix = keys.source_prefix(UUID(video_id))
        async with services.database.connection() as db:
            version = await fetch_value(
                db, "SELECT watermark ->> 'version' FROM videos WHERE id = %s", (UUID(video_id),)
            )
        assert await services.storage.size(f"{prefix}-watermark-{version}.png") > 0

    async def test_of_a_video_that_plays(self, ada: Person, services: Services, logo: bytes) -> None:
        """It is made by a video that is in no list, one at a time, and none where nothing changes."""
        video_id = await playable(ada, services)
        assert (await put(ada, video_id, logo)).json()["applied"] is False
        changed = await ada.client.patch(path_of(video_id), json={"opacity": 0.5}, headers=ada.headers)
        assert (changed.json()["opacity"], changed.json()["position"]) == (0.5, "bottom-right")
        assert await remakes(services, video_id) == 1
        assert [video["id"] for video in (await ada.get("/api/v1/videos/mine")).json()["items"]] == [video_id]
        removed = await ada.client.delete(path_of(video_id), headers=ada.headers)
        assert removed.status_code == 204
        assert await remakes(services, video_id) == 0
        problem(await ada.get(path_of(video_id)), 404, "no_watermark")

    async def test_that_cannot_be_made_says_why(self, ada: Person, services: Services, logo: bytes) -> None:
        """The video plays on without it, and it can be tried again."""
        video_id = await playable(ada, services)
        await put(ada, video_id, logo)
        async with services.database.connection() as db:
            sql = (
                "UPDATE videos SET status = 'FAILED', failure_code = 'source_damaged', failure_detail = 'It is.' "
                "WHERE replaces = %s"
            )
            await execute(db, sql, (UUID(video_id),))
        assert (await ada.get(path_of(video_id))).json()["failure"] == {"code": "source_damaged", "detail": "It is."}
        assert (await put(ada, video_id, logo)).json()["failure"] is None

    async def test_while_another_file_is_awaited(self, ada: Person, services: Services, logo: bytes) -> None:
        """Nothing else takes the video's place, and nothing is chosen."""
        video_id = await playable(ada, services)
        new_id = (await ada.post(f"/api/v1/videos/{video_id}/source", FILE)).json()["video"]["id"]
        problem(await put(ada, video_id, logo), 409, "replacement_awaited")
        problem(await put(ada, new_id, logo), 409, "video_not_playable")
        problem(await ada.get(path_of(video_id)), 404, "no_watermark")

    @pytest.mark.parametrize("status", ["PROCESSING", "FAILED"])
    async def test_not_while_it_is_planned(self, ada: Person, services: Services, logo: bytes, status: str) -> None:
        """Nobody could say which of two it would be planned with."""
        video_id = await playable(ada, services)
        async with services.database.connection() as db:
            code = "'not_a_video'" if status == "FAILED" else "NULL"
            sql = f"UPDATE videos SET status = %s, failure_code = {code} WHERE id = %s"
            await execute(db, sql, (status, UUID(video_id)))
        problem(await put(ada, video_id, logo), 409, "video_not_playable")


class TestWho:
    async def test_only_its_owner(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services, logo: bytes
    ) -> None:
        """Others are told that the video is not there, though they may watch it."""
        video_id = await playable(ada, services)
        await put(ada, video_id, logo)
        path = path_of(video_id)
        problem(await bob.get(path), 404, "video_not_found")
        problem(await put(bob, video_id, logo), 404, "video_not_found")
        problem(await bob.client.patch(path, json={"opacity": 0}, headers=bob.headers), 404, "video_not_found")
        problem(await bob.client.delete(path, headers=bob.headers), 404, "video_not_found")
        problem(await api.get(path), 401, "unauthenticated")


class TestRefusals:
    @pytest.mark.parametrize("name", DISGUISED)
    async def test_a_disguised_file(self, ada: Person, services: Services, name: str) -> None:
        """Only what is a PNG is taken."""
        problem(await put(ada, await playable(ada, services), DISGUISED[name]), 422, "bad_image")

    async def test_a_decompression_bomb(self, ada: Person, services: Services) -> None:
        """A claim of 900 megapixels."""
        problem(await put(ada, await playable(ada, services), png(30_000, 30_000, bytes(1000))), 422, "bad_image")

    async def test_too_large_a_file(self, ada: Person, services: Services) -> None:
        """Before it is read."""
        answer = await put(ada, await playable(ada, services), bytes(LARGEST_IMAGE + 1))
        assert answer.status_code == 413

    @pytest.mark.parametrize(
        "query", [{"position": "somewhere"}, {"opacity": 1.1}, {"width": 0}, {"margin": 0.6}, {"size": 1}]
    )
    async def test_nonsense(self, ada: Person, services: Services, logo: bytes, query: dict[str, Any]) -> None:
        """With what is wrong."""
        problem(await put(ada, await playable(ada, services), logo, **query), 422, "validation_failed")

    async def test_a_video_of_sound_alone(self, ada: Person, services: Services, logo: bytes) -> None:
        """There is nothing to lay it over."""
        video_id = await playable(ada, services)
        async with services.database.connection() as db:
            sql = "UPDATE videos SET plan = jsonb_set(plan, '{video}', '[]') WHERE id = %s"
            await execute(db, sql, (UUID(video_id),))
        problem(await put(ada, video_id, logo), 404, "no_picture")

    async def test_what_is_not_there_is_neither_moved_nor_removed(self, ada: Person, services: Services) -> None:
        """It says how to get one."""
        path = path_of(await playable(ada, services))
        problem(await ada.client.patch(path, json={"opacity": 0}, headers=ada.headers), 404, "no_watermark")
        problem(await ada.client.delete(path, headers=ada.headers), 404, "no_watermark")


class TestDefault:
    async def test_an_image_of_no_use_is_a_fault_of_the_settings(self, settings: Settings, tmp_path: Path) -> None:
        """Named by its variable, when a worker starts."""
        (tmp_path / "no.png").write_bytes(b"no image")
        for path in (tmp_path / "no.png", tmp_path / "missing.png"):
            with pytest.raises(ConfigError) as raised:
                await read_default_mark(replace(settings, watermark=path))
            assert raised.value.faults[0].path == "MATINEE_WATERMARK"
