"""The owner's poster: a frame, an image, or back to the automatic one."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.media.test_pictures import DISGUISED, image, png
from tests.integration.modules.pictures.conftest import Film, Shoot, shown_frame, working

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.media import keys


async def put(
    person: Person, film: Film, *, json: Any = None, data: bytes | None = None, kind: str = "image/jpeg"
) -> httpx.Response:
    """Chooses a poster."""
    if data is None:
        return await person.client.put(f"{film.api}/poster", json=json, headers=person.headers)
    return await person.client.put(
        f"{film.api}/poster", content=data, headers={**person.headers, "Content-Type": kind}
    )


class TestByTime:
    @pytest.mark.parametrize(("time", "frame"), [(0, 0), (5.0, 125), (13.96, 349), (1000, 349)])
    async def test_it_is_that_very_frame(self, ada: Person, film: Film, time: float, frame: int) -> None:
        """Of the largest rendition; past the end it is the last one."""
        answer = await put(ada, film, json={"time": time})
        assert answer.status_code == 200, answer.text
        poster = await ada.client.get(answer.json()["playback"]["poster"])
        assert shown_frame(poster.content) == frame

    async def test_the_address_changes_with_the_poster(self, ada: Person, film: Film) -> None:
        """So that no cache shows the former one; the placeholder changes too."""
        first = (await put(ada, film, json={"time": 1})).json()["playback"]
        second = (await put(ada, film, json={"time": 9})).json()["playback"]
        assert first["poster"] != second["poster"]
        assert first["placeholder"] != second["placeholder"]

    async def test_the_former_one_is_removed(
        self, services: Services, settings: Settings, ada: Person, film: Film
    ) -> None:
        """By a job."""
        for time in (1, 5, 9):
            await put(ada, film, json={"time": time})
        async with working(services, settings):
            pass
        left = [key for key in await film.objects() if key.startswith("poster-")]
        assert len(left) == 1
        assert (await ada.client.get(f"{film.url}/poster.jpg")).status_code == 200

    async def test_a_video_that_is_not_ready_has_no_frames(self, ada: Person, shoot: Shoot) -> None:
        """Its images can be chosen all the same."""
        film = await shoot(ada, status="PROCESSING")
        problem(await put(ada, film, json={"time": 1}), 409, "video_not_playable")

    @pytest.mark.parametrize("body", [{"time": -1}, {}, {"time": 1, "more": 2}, {"time": "x"}])
    async def test_nonsense_is_refused(self, ada: Person, film: Film, body: Any) -> None:
        """With the field that is wrong."""
        problem(await put(ada, film, json=body), 422, "validation_failed")


class TestByImage:
    @pytest.mark.parametrize("name", ["poster.jpg", "poster.png"])
    async def test_it_is_shown(self, ada: Person, film: Film, tmp_path: Path, name: str) -> None:
        """As a JPEG of ours."""
        sent = image(tmp_path, name)
        answer = await put(ada, film, data=sent, kind="image/jpeg" if name.endswith("jpg") else "image/png")
        assert answer.status_code == 200, answer.text
        poster = await ada.client.get(answer.json()["playback"]["poster"])
        assert poster.content[:3] == b"\xff\xd8\xff"
        assert poster.content != sent
        assert answer.json()["playback"]["placeholder"]

    @pytest.mark.parametrize("name", DISGUISED)
    async def test_a_disguised_file_is_refused(self, ada: Person, film: Film, name: str) -> None:
        """And nothing of it is stored."""
        before = await film.objects()
        problem(await put(ada, film, data=DISGUISED[name]), 422, "bad_image")
        assert await film.objects() == before

    async def test_a_decompression_bomb_is_refused(self, ada: Person, film: Film) -> None:
        """A claim of 900 megapixels."""
        problem(await put(ada, film, data=png(30_000, 30_000, bytes(1000)), kind="image/png"), 422, "bad_image")

    async def test_a_huge_file_is_refused_before_it_is_read(self, ada: Person, film: Film) -> None:
        """By its length."""
        problem(await put(ada, film, data=b"\xff\xd8\xff" + bytes(17 << 20)), 413, "body_too_large")

    @pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "image/gif", "application/octet-stream"])
    async def test_other_types_are_refused_by_their_name(self, ada: Person, film: Film, kind: str) -> None:
        """Before anything looks at them."""
        problem(await put(ada, film, data=b"<svg/>", kind=kind), 415, "unsupported_media_type")


class TestAutomatic:
    async def test_it_comes_back(self, services: Services, ada: Person, film: Film) -> None:
        """As if nothing had been chosen."""
        await services.storage.put(keys.poster_key(film.id), b"automatic", "image/jpeg")
        await film.change(has_poster=True, placeholder="LEHV6nWB2yk8pyo0adR*.7kCMdnj")
        await put(ada, film, json={"time": 5})
        for _ in range(2):  # once more does nothing
            answer = await ada.delete(f"{film.api}/poster")
            assert answer.status_code == 204, answer.text
        playback = (await ada.get(film.api)).json()["playback"]
        assert playback["poster"] == f"{film.url}/poster.jpg?v=1"
        assert playback["placeholder"] == "LEHV6nWB2yk8pyo0adR*.7kCMdnj"
        assert (await ada.client.get(playback["poster"])).content == b"automatic"

    async def test_a_video_without_one_says_so(self, api: httpx.AsyncClient, film: Film) -> None:
        """Sound alone, and what has just begun."""
        problem(await api.get(f"{film.url}/poster.jpg"), 404, "no_poster")

    async def test_it_is_there_before_the_video_can_be_played(
        self, services: Services, api: httpx.AsyncClient, film: Film
    ) -> None:
        """Pages show it meanwhile."""
        await services.storage.put(keys.poster_key(film.id), b"automatic", "image/jpeg")
        await film.change(has_poster=True, status="PROCESSING")
        answer = await api.get(f"{film.url}/poster.jpg")
        assert (answer.status_code, answer.content) == (200, b"automatic")
        assert answer.headers["cache-control"] == "public, no-cache"


class TestWhoMay:
    async def test_only_the_owner_chooses(self, ada: Person, bob: Person, film: Film, shoot: Shoot) -> None:
        """A public video of somebody else's, and a private one, are as ones that do not exist."""
        hidden = await shoot(ada, visibility="private")
        for one in (film, hidden):
            problem(await put(bob, one, json={"time": 1}), 404, "video_not_found")
            problem(await put(bob, one, data=b"\xff\xd8\xff"), 404, "video_not_found")
            problem(await bob.delete(f"{one.api}/poster"), 404, "video_not_found")

    async def test_nobody_chooses_without_an_account(self, api: httpx.AsyncClient, film: Film) -> None:
        """They sign in first."""
        problem(await api.put(f"{film.api}/poster", json={"time": 1}), 401, "unauthenticated")

    async def test_a_private_poster_is_its_owners(self, ada: Person, bob: Person, shoot: Shoot) -> None:
        """On the address with its version, too."""
        film = await shoot(ada, visibility="private")
        address = (await put(ada, film, json={"time": 1})).json()["playback"]["poster"]
        assert (await ada.get(address)).status_code == 200
        problem(await bob.get(address), 404, "video_not_found")
        problem(await ada.client.get(address), 404, "video_not_found")
