"""Storyboard and preview: made by jobs that may be killed, shown to whoever may see the video."""

import asyncio
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.encoding.stage import WorkerProcess
from tests.integration.modules.pictures.conftest import Encoded, Film, Shoot, jobs_left, shown_frame, working

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import fetch_value
from matinee.media import keys
from matinee.modules.pictures.objects import read_whole

SHEET = "pictures/storyboard-1/0.jpg"
PREVIEW = "pictures/preview.webp"


_made: dict[str, bytes] = {}
_storyboard: list[str] = []


@pytest.fixture
async def whole(services: Services, settings: Settings, film: Film) -> Film:
    """A film with its storyboard and preview: made for the first test that asks, then put in place as they were."""
    prefix = keys.video_prefix(film.id)
    if _made:
        for name, data in _made.items():
            await services.storage.put(f"{prefix}{name}", data, "image/jpeg")
        await film.change(storyboard=_storyboard[0], has_preview=True)
        return film
    await film.enqueue_pictures()
    async with working(services, settings):
        pass
    async with services.database.connection() as db:
        _storyboard.append(await fetch_value(db, "SELECT storyboard::text FROM videos WHERE id = %s", (film.id,)))
    _made.update({name: await read_whole(services.storage, f"{prefix}{name}") for name in (SHEET, PREVIEW)})
    return film


class TestMaking:
    async def test_the_video_tells_where_they_are(self, api: httpx.AsyncClient, whole: Film) -> None:
        """Once they are stored."""
        playback = (await api.get(whole.api)).json()["playback"]
        assert playback["storyboard"] == f"{whole.url}/storyboard.json"
        assert playback["preview"] == f"{whole.url}/preview.webp?v=1"
        assert playback["thumbnail"] == f"{whole.url}/thumbnail.jpg"

    async def test_each_tile_is_the_keyframe_of_its_cell(self, api: httpx.AsyncClient, whole: Film) -> None:
        """By the JSON, and by the WebVTT alike."""
        grid = whole.plan.grid
        board = (await api.get(f"{whole.url}/storyboard.json")).json()
        assert (board["tiles"], board["interval"], board["lead"], board["duration"]) == (5, 4.0, 3.0, 14.0)
        sheet = await api.get(board["sheets"][0])
        assert sheet.headers["content-type"] == "image/jpeg"
        assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
        cues = (await api.get(f"{whole.url}/storyboard.vtt")).text.split("\n\n")[1:]
        for tile, cue in enumerate(cues):
            left = tile * board["tile_width"]
            area = f"{left},0,{board['tile_width']},{board['tile_height']}"
            assert cue.splitlines()[1] == f"storyboard/0.jpg?v=1#xywh={area}"
            start = float(grid.cell_start(tile))
            assert cue.startswith(f"00:00:{start:06.3f} --> ")
            assert (start + board["lead"]) // board["interval"] == tile
            crop = f"crop={board['tile_width']}:{board['tile_height']}:{left}:0"
            assert shown_frame(sheet.content, crop) == grid.first_frame(tile)

    async def test_the_preview_is_an_animation(self, api: httpx.AsyncClient, whole: Film) -> None:
        """Of a few hundred kilobytes at most."""
        answer = await api.get(f"{whole.url}/preview.webp?v=1")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "image/webp"
        assert b"ANIM" in answer.content[:64]
        assert len(answer.content) < 500_000

    async def test_a_storyboard_that_is_unchanged_is_not_sent_again(
        self, api: httpx.AsyncClient, whole: Film
    ) -> None:
        """By its ETag."""
        for path in ("storyboard.json", "storyboard.vtt", "storyboard/0.jpg", "preview.webp"):
            first = await api.get(f"{whole.url}/{path}")
            again = await api.get(f"{whole.url}/{path}", headers={"If-None-Match": first.headers["etag"]})
            assert again.status_code == 304, path

    async def test_before_they_are_made_it_says_so(self, api: httpx.AsyncClient, film: Film) -> None:
        """A problem with a code of its own."""
        for path in ("storyboard.json", "storyboard.vtt", "storyboard/0.jpg"):
            problem(await api.get(f"{film.url}/{path}"), 404, "no_storyboard")
        problem(await api.get(f"{film.url}/preview.webp"), 404, "no_preview")

    async def test_there_is_no_other_sheet(self, api: httpx.AsyncClient, whole: Film) -> None:
        """Five tiles are on one."""
        problem(await api.get(f"{whole.url}/storyboard/1.jpg"), 404, "no_such_sheet")


class TestLong:
    async def test_a_long_film_has_several_sheets(
        self,
        services: Services,
        settings: Settings,
        api: httpx.AsyncClient,
        shoot: Shoot,
        ada: Person,
        encoded: Encoded,
    ) -> None:
        """102 segments, which here repeat four of a real film: a full sheet and one with two tiles."""
        plan, cells = encoded
        frames = plan.grid.first_frame(1) + 101 * plan.grid.frames_per_cell
        grid = msgspec.structs.replace(plan.grid, frames=frames)
        long = msgspec.structs.replace(plan, grid=grid, video=plan.video[:1])
        repeated = [msgspec.structs.replace(cells["v240"][index % 4], index=index) for index in range(102)]
        film = await shoot(ada, made_of=(long, {"v240": repeated}))
        await film.enqueue_pictures()
        async with working(services, settings):
            pass
        board = (await api.get(f"{film.url}/storyboard.json")).json()
        assert (board["tiles"], board["columns"], board["rows"], len(board["sheets"])) == (102, 10, 10, 2)
        sheets = [(await api.get(address)).content for address in board["sheets"]]
        for tile in (0, 11, 99, 100, 101):
            left, top = tile % 10 * 160, tile % 100 // 10 * 90
            assert shown_frame(sheets[tile // 100], f"crop=160:90:{left}:{top}") == plan.grid.first_frame(tile % 4)


class TestRunningTwice:
    async def test_a_second_run_finds_the_work_done(
        self, services: Services, settings: Settings, whole: Film
    ) -> None:
        """And changes nothing."""
        before = await fingerprint(services, whole.id)
        await whole.enqueue_pictures()
        async with working(services, settings):
            pass
        assert await fingerprint(services, whole.id) == before

    @pytest.mark.soak
    async def test_a_worker_that_is_killed_costs_nothing(
        self,
        services: Services,
        settings: Settings,
        film: Film,
        api: httpx.AsyncClient,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        """Killed while it runs the job, wherever that is; the next worker makes it."""
        await film.enqueue_pictures()
        for attempt in range(2):
            process = WorkerProcess(
                msgspec.structs.replace(settings, max_attempts=10), tmp_path_factory.mktemp("log") / f"{attempt}.log"
            )
            try:
                async with asyncio.timeout(30):
                    while not await doing(services):
                        await asyncio.sleep(0.01)
            finally:
                process.kill()
        async with working(services, msgspec.structs.replace(settings, max_attempts=10)):
            pass
        assert {SHEET, PREVIEW} <= set(await film.objects())
        assert (await api.get(f"{film.url}/storyboard.json")).status_code == 200
        assert (await api.get(f"{film.url}/preview.webp")).status_code == 200

    async def test_a_video_without_a_complete_rung_waits(
        self, services: Services, settings: Settings, shoot: Shoot, ada: Person
    ) -> None:
        """A job that comes too early makes nothing, and does no harm."""
        film = await shoot(ada, stored={"v240": 2})
        before = await film.objects()
        await film.enqueue_pictures()
        async with working(services, settings):
            pass
        assert await film.objects() == before
        assert await jobs_left(services) == 0


class TestWhoMaySee:
    @pytest.mark.parametrize(
        "path", ["storyboard.json", "storyboard.vtt", "storyboard/0.jpg", "preview.webp", "thumbnail.jpg"]
    )
    async def test_a_private_video_is_its_owners(
        self, api: httpx.AsyncClient, ada: Person, bob: Person, whole: Film, path: str
    ) -> None:
        """To all others it is as one that does not exist."""
        await whole.change(visibility="private")
        address = f"{whole.url}/{path}"
        mine = await ada.get(address)
        assert mine.status_code == 200
        assert mine.headers["cache-control"].startswith("private")
        for answer in (await api.get(address), await bob.get(address)):
            problem(answer, 404, "video_not_found")

    @pytest.mark.parametrize("path", ["storyboard.json", "storyboard/0.jpg", "preview.webp", "thumbnail.jpg"])
    async def test_what_is_not_ready_says_so(self, api: httpx.AsyncClient, whole: Film, path: str) -> None:
        """As its playlists do."""
        await whole.change(status="PROCESSING")
        problem(await api.get(f"{whole.url}/{path}"), 409, "video_not_playable")


class TestDeleting:
    async def test_everything_goes_with_the_video(
        self, services: Services, settings: Settings, ada: Person, whole: Film
    ) -> None:
        """Sheets, preview, thumbnails, posters."""
        assert (await ada.get(f"{whole.url}/thumbnail.webp?width=80")).status_code == 200
        chosen = await ada.client.put(f"{whole.api}/poster", json={"time": 5}, headers=ada.headers)
        assert chosen.status_code == 200
        assert (await ada.delete(whole.api)).status_code == 204
        async with working(services, settings):
            pass
        assert await whole.objects() == []

    async def test_a_job_of_a_deleted_video_leaves_nothing(
        self, services: Services, settings: Settings, film: Film
    ) -> None:
        """Deleted between the enqueuing and the run."""
        await film.enqueue_pictures()
        async with services.database.connection() as db:
            await fetch_value(db, "UPDATE videos SET deleted_at = now() WHERE id = %s RETURNING 1", (film.id,))
        async with working(services, settings):
            pass
        assert await film.objects() == []


async def doing(services: Services) -> bool:
    async with services.database.connection() as db:
        query = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND task_name LIKE 'pictures.%%'"
        return bool(await fetch_value(db, query))


async def fingerprint(services: Services, video_id: UUID) -> object:
    async with services.database.connection() as db:
        return await fetch_value(db, "SELECT xmin::text FROM videos WHERE id = %s", (video_id,))
