"""What browsers keep, after the video's file was replaced: nothing that is kept unasked ever means something else."""

import httpx
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.pictures.conftest import Film, Shoot, working

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.media import keys
from matinee.modules.replacements.jobs import replace_job

REVALIDATED = [
    "poster.jpg",
    "preview.webp",
    "storyboard/0.jpg",
    "storyboard.json",
    "storyboard.vtt",
    "thumbnail.jpg?time=4&width=320",
    "thumbnail.webp?time=13&width=80",
    "master.m3u8",
    "manifest.mpd",
]
FOR_EVER = "public, max-age=31536000, immutable"


async def make_pictures(services: Services, settings: Settings, film: Film, revision: int) -> None:
    """The poster as if it had been made; storyboard and preview really."""
    await services.storage.put(keys.poster_key(film.id, revision), b"poster %d" % revision, "image/jpeg")
    await film.change(has_poster=True)
    await film.enqueue_pictures()
    async with working(services, settings):
        pass


async def replace(services: Services, settings: Settings, film: Film, other: Film, revision: int) -> None:
    """The other takes the film's place, by the job that does so; it has no file, so nothing of it is encoded."""
    await other.change(source_id=film.id, source_revision=revision, edition=revision, replaces=film.id)
    async with services.database.transaction() as db:
        await services.queue.enqueue(db, replace_job(other.id))
    async with working(services, settings):
        pass
    await make_pictures(services, settings, film, revision)


@pytest.fixture
async def whole(services: Services, settings: Settings, film: Film) -> Film:
    """A film with all of its pictures."""
    await make_pictures(services, settings, film, 1)
    return film


class TestReplaced:
    async def test_who_asks_again_gets_the_new(
        self, services: Services, settings: Settings, api: httpx.AsyncClient, ada: Person, whole: Film, shoot: Shoot
    ) -> None:
        """Every address that does not change may be kept for seconds at most, and its ETag tells the two apart."""
        before = {path: await api.get(f"{whole.url}/{path}") for path in REVALIDATED}
        for path, answer in before.items():
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] in ("public, no-cache", "public, max-age=5"), path
        await replace(services, settings, whole, await shoot(ada), 2)
        for path, answer in before.items():
            asked = {"If-None-Match": answer.headers["etag"]}
            again = await api.get(f"{whole.url}/{path}", headers=asked)
            assert (again.status_code, again.headers["etag"] != answer.headers["etag"]) == (200, True), path
            assert (await api.get(f"{whole.url}/{path}")).content == again.content, path

    async def test_what_is_kept_for_ever_never_means_another(
        self, services: Services, settings: Settings, api: httpx.AsyncClient, ada: Person, whole: Film, shoot: Shoot
    ) -> None:
        """The former addresses lead to the present pictures, or to none; the present ones may be kept in turn."""
        former = await self.addresses(api, whole)
        cell = f"{whole.url}/{whole.plan.recipe}/v240/0.m4s"
        bytes_before = (await api.get(cell)).content
        await replace(services, settings, whole, await shoot(ada), 2)
        present = await self.addresses(api, whole)
        assert not set(former) & set(present)
        poster, preview, sheet = former
        for address in (poster, preview):
            answer = await api.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
            assert answer.headers["location"] == address.split("?", maxsplit=1)[0]
        problem(await api.get(sheet), 404, "no_such_sheet")
        assert (await api.get(cell)).content == bytes_before

    async def addresses(self, api: httpx.AsyncClient, film: Film) -> list[str]:
        """Those that the API gives out, each of which may be kept for ever."""
        playback = (await api.get(film.api)).json()["playback"]
        board = (await api.get(playback["storyboard"])).json()
        found = [playback["poster"], playback["preview"], *board["sheets"]]
        for address in found:
            answer = await api.get(address)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER), address
        return found

    async def test_a_poster_that_is_chosen_has_an_address_of_its_own(
        self, api: httpx.AsyncClient, ada: Person, whole: Film
    ) -> None:
        """And may be kept for ever, too."""
        automatic = (await api.get(whole.api)).json()["playback"]["poster"]
        chosen = (await ada.client.put(f"{whole.api}/poster", json={"time": 5}, headers=ada.headers)).json()
        answer = await api.get(chosen["playback"]["poster"])
        assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER)
        assert (await api.get(automatic)).headers["location"] == f"{whole.url}/poster.jpg"
