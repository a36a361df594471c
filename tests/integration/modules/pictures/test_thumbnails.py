"""Thumbnails on demand: the right picture, made once, a bounded number of them and of those at work."""

import asyncio

import httpx
import msgspec
import pytest
from tests.integration.conftest import Clock, Person, problem
from tests.integration.modules.pictures.conftest import Film, Shoot, shown_frame

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.errors import DomainError
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.pictures.errors import TooManyPictures
from matinee.modules.pictures.workshop import Workshop


class Counter:
    """Counts the pictures that are made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from matinee.modules.pictures import service

        self.made = 0
        real = service.make_thumbnail

        async def counted(*args: object, **more: object) -> bytes:
            self.made += 1
            return await real(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(service, "make_thumbnail", counted)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """How many pictures FFmpeg made."""
    return Counter(monkeypatch)


class TestPicture:
    @pytest.mark.parametrize(
        ("time", "frame"), [("0", 0), ("0.99", 0), ("1", 25), ("4.99", 25), ("5", 125), ("13.9", 325), ("99999", 325)]
    )
    async def test_it_shows_the_moment(self, api: httpx.AsyncClient, film: Film, time: str, frame: int) -> None:
        """The beginning of the cell that the time is in."""
        answer = await api.get(f"{film.url}/thumbnail.jpg?time={time}&width=320")
        assert answer.status_code == 200
        assert shown_frame(answer.content) == frame

    async def test_without_a_time_it_is_the_middle(self, api: httpx.AsyncClient, film: Film) -> None:
        """The beginning is often black."""
        assert shown_frame((await api.get(f"{film.url}/thumbnail.jpg")).content) == 125

    @pytest.mark.parametrize("extension", ["jpg", "webp", "avif"])
    async def test_it_has_the_format_of_its_address(self, api: httpx.AsyncClient, film: Film, extension: str) -> None:
        """Another file of the video would give another one, so whoever keeps it asks again and is sent little."""
        answer = await api.get(f"{film.url}/thumbnail.{extension}?time=8&width=160")
        assert answer.headers["content-type"] == {"jpg": "image/jpeg"}.get(extension, f"image/{extension}")
        assert answer.headers["cache-control"] == "public, no-cache"
        again = await api.get(
            f"{film.url}/thumbnail.{extension}?time=8&width=160", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304

    async def test_from_a_smaller_rendition_it_is_not_final(
        self, api: httpx.AsyncClient, ada: Person, shoot: Shoot
    ) -> None:
        """While the one that would do is still being encoded."""
        film = await shoot(ada, stored={"v240": 5})
        answer = await api.get(f"{film.url}/thumbnail.jpg?time=0&width=640")
        assert answer.headers["cache-control"] == "public, no-cache"

    async def test_what_is_not_encoded_yet_says_so(self, api: httpx.AsyncClient, ada: Person, shoot: Shoot) -> None:
        """And when to ask again."""
        film = await shoot(ada, stored={"v240": 1})
        assert (await api.get(f"{film.url}/thumbnail.jpg?time=0")).status_code == 200
        answer = await api.get(f"{film.url}/thumbnail.jpg?time=13")
        problem(answer, 503, "picture_not_ready")
        assert int(answer.headers["retry-after"]) > 0

    async def test_the_storage_may_deliver_it(
        self, settings: Settings, storage: S3Storage, film: Film, ada: Person
    ) -> None:
        """By a short presigned address, which is given only when the picture is there, and only to whom it may be."""
        elsewhere = msgspec.structs.replace(settings, delivery="redirect")
        async with open_services(elsewhere, storage=storage) as services:
            transport = httpx.ASGITransport(app=create_app(services), client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                answer = await client.get(f"{film.url}/thumbnail.jpg?time=4&width=320")
                assert answer.status_code == 302
                assert answer.headers["cache-control"] == "no-store"
                async with httpx.AsyncClient() as browser:
                    assert shown_frame((await browser.get(answer.headers["location"])).content) == 25
                await film.change(visibility="private")
                address = f"{film.url}/thumbnail.jpg?time=4&width=320"
                problem(await client.get(address), 404, "video_not_found")
                assert (await client.get(address, headers=ada.headers)).status_code == 302

    async def test_a_broken_cell_is_no_crash(self, services: Services, api: httpx.AsyncClient, film: Film) -> None:
        """The storage gave back something else than was stored."""
        key = keys.cell_key(film.id, film.plan.recipe, "v240", 0)
        await services.storage.put(key, b"something else" * 1000, "video/mp4")
        problem(await api.get(f"{film.url}/thumbnail.jpg?time=0&width=80"), 503, "picture_failed")

    @pytest.mark.parametrize("query", ["time=-1", "time=nan", "width=0", "width=99999", "height=0", "fit=stretch"])
    async def test_nonsense_is_refused(self, api: httpx.AsyncClient, film: Film, query: str) -> None:
        """With the field that is wrong."""
        body = problem(await api.get(f"{film.url}/thumbnail.jpg?{query}"), 422, "validation_failed")
        assert body["errors"][0]["path"] == f"query.{query.partition('=')[0]}"

    async def test_there_is_no_other_format(self, api: httpx.AsyncClient, film: Film) -> None:
        """Three are enough."""
        problem(await api.get(f"{film.url}/thumbnail.gif"), 422, "validation_failed")


class TestBounds:
    async def test_near_wishes_share_a_picture(self, api: httpx.AsyncClient, film: Film, counter: Counter) -> None:
        """Any time in a cell and any width up to the next: one object."""
        for time, width in (("1", 300), ("2.234", 319), ("4.9", 161), ("3", 320)):
            assert (await api.get(f"{film.url}/thumbnail.jpg?time={time}&width={width}")).status_code == 200
        assert counter.made == 1
        assert len([key for key in await film.objects() if key.startswith("pictures/")]) == 1

    async def test_at_once_it_is_made_once(self, api: httpx.AsyncClient, film: Film, counter: Counter) -> None:
        """Thirty viewers of a new page."""
        answers = await asyncio.gather(*(api.get(f"{film.url}/thumbnail.webp?time=8") for _ in range(30)))
        assert {answer.status_code for answer in answers} == {200}
        assert counter.made == 1

    async def test_a_stored_picture_is_not_made_again(
        self, api: httpx.AsyncClient, film: Film, counter: Counter, services: Services
    ) -> None:
        """By this process or another."""
        await api.get(f"{film.url}/thumbnail.jpg?time=8")
        async with open_services(services.settings, storage=services.storage) as others:
            transport = httpx.ASGITransport(app=create_app(others), client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as elsewhere:
                assert (await elsewhere.get(f"{film.url}/thumbnail.jpg?time=8")).status_code == 200
        assert counter.made == 1

    async def test_a_flood_is_turned_away(self) -> None:
        """A few are made, some wait, the rest are told to come back; then there is room again."""
        workshop, gate = Workshop(slots=1), asyncio.Event()
        outcomes = await asyncio.gather(
            *(_attempt(workshop, str(key), gate) for key in range(40)),
            _later(gate),
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyPictures)]
        assert len(refused) == 40 - 13
        assert refused[0].headers()["Retry-After"] == "2"
        assert await _attempt(workshop, "again", gate) is None

    async def test_a_client_can_have_so_many_made_and_no_more(
        self, settings: Settings, storage: S3Storage, clock: Clock, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pictures that exist are not counted."""
        from matinee.modules.pictures import routes

        monkeypatch.setattr(routes, "MAKING", msgspec.structs.replace(routes.MAKING, hits=2))
        limited = msgspec.structs.replace(settings, rate_limits=True)
        async with open_services(limited, storage=storage, clock=clock) as services:
            transport = httpx.ASGITransport(app=create_app(services), client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                for time in (0, 4, 0, 4, 0, 4):
                    assert (await client.get(f"{film.url}/thumbnail.jpg?time={time}")).status_code == 200
                problem(await client.get(f"{film.url}/thumbnail.jpg?time=8"), 429, "rate_limited")


async def _attempt(workshop: Workshop, key: str, gate: asyncio.Event) -> DomainError | None:
    async def make() -> None:
        await gate.wait()

    try:
        await workshop.make_once(key, make)
    except TooManyPictures as error:
        return error
    return None


async def _later(gate: asyncio.Event) -> None:
    """Opens the gate when every attempt has come."""
    for _ in range(5):
        await asyncio.sleep(0)
    gate.set()
