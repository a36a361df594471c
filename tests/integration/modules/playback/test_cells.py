import asyncio

import httpx
import pytest


class TestGetSegment:
    async def test_a_stored_cell_is_sent_whole_and_kept_for_ever(self, player, film, encoder) -> None:
        data = await film.store(2)
        answer = await player.get(film.cell_url(2))
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["accept-ranges"] == "bytes"
        assert encoder.asked == []

    async def test_sound_is_named_as_sound(self, player, film) -> None:
        await film.store(0, "audio")
        answer = await player.get(film.cell_url(0, "audio"))
        assert answer.headers["content-type"] == "audio/mp4"

    async def test_the_second_time_it_needs_no_storage(self, player, film, storage) -> None:
        data = await film.store(0)
        await player.get(film.cell_url(0))
        await storage.delete_prefix(f"videos/{film.id}/")
        assert (await player.get(film.cell_url(0))).content == data

    @pytest.mark.parametrize("warm", [True, False])
    @pytest.mark.parametrize(
        ("asked", "window"), [("10-19", slice(10, 20)), ("-7", slice(-7, None)), ("5-", slice(5, None))]
    )
    async def test_a_range_is_sent_as_a_part(self, player, film, warm, asked, window) -> None:
        data = await film.store(0)
        if warm:
            await player.get(film.cell_url(0))
        answer = await player.get(film.cell_url(0), headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, data[window])
        start = range(len(data))[window].start
        assert answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(data)}"

    async def test_a_range_behind_the_end_is_refused(self, player, film) -> None:
        data = await film.store(0)
        answer = await player.get(film.cell_url(0), headers={"Range": "bytes=9999999-"})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{len(data)}"

    async def test_an_outdated_if_range_gives_the_whole(self, player, film) -> None:
        data = await film.store(0)
        headers = {"Range": "bytes=0-1", "If-Range": '"older"'}
        answer = await player.get(film.cell_url(0), headers=headers)
        assert (answer.status_code, answer.content) == (200, data)

    async def test_the_etag_tells_it_unchanged(self, player, film) -> None:
        await film.store(0)
        etag = (await player.get(film.cell_url(0))).headers["etag"]
        answer = await player.get(film.cell_url(0), headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")

    async def test_head_tells_the_size(self, player, film) -> None:
        data = await film.store(0)
        answer = await player.head(film.cell_url(0))
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == str(len(data))

    async def test_what_is_not_in_the_plan_is_not_found(self, player, film, encoder) -> None:
        for path in ("r1/v240/5.m4s", "r1/v240/2147483646.m4s", "r1/v9/0.m4s", "r2/v240/0.m4s"):
            answer = await player.get(f"{film.url}/{path}")
            assert answer.status_code == 404, path
            assert answer.json()["code"] == "no_such_cell"
        assert encoder.asked == []

    async def test_what_cannot_be_an_address_is_refused(self, player, film, encoder) -> None:
        for path in (
            "v240/-1.m4s",
            "v240/99999999999999.m4s",
            "v240/x.m4s",
            "v%00/0.m4s",
            "v%2F/0.m4s",
            "%2e%2e/0.m4s",
        ):
            answer = await player.get(f"{film.url}/r1/{path}")
            assert answer.status_code in (404, 422), path
        assert encoder.asked == []

    async def test_any_site_may_ask_with_a_token_and_a_range(self, player, film) -> None:
        answer = await player.options(film.cell_url(0), headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 204
        assert "Range" in answer.headers["access-control-allow-headers"]

    async def test_an_object_that_was_lost_is_worth_another_try(self, player, film, storage) -> None:
        await film.store(0)
        await storage.delete_prefix(f"videos/{film.id}/")
        answer = await player.get(film.cell_url(0))
        assert answer.status_code == 503


class TestGetInitSegment:
    async def test_is_there_as_soon_as_any_cell_is(self, player, film, encoder) -> None:
        await film.store(3)
        answer = await player.get(f"{film.url}/r1/v240/init.mp4")
        assert (answer.status_code, answer.content) == (200, b"init v240")
        assert encoder.asked == []

    async def test_before_that_the_first_cell_is_wanted(self, player, film, encoder) -> None:
        encoder.answer = lambda _, rendition, index: film.store(index, rendition)
        answer = await player.get(f"{film.url}/r1/v480/init.mp4")
        assert (answer.status_code, answer.content) == (200, b"init v480")
        assert encoder.asked == [(film.id, "v480", 0)]


class TestWantedCells:
    async def test_the_answer_waits_for_the_cell(self, player, film, encoder) -> None:
        asked = asyncio.Event()

        async def ask(*_: object) -> None:
            asked.set()

        encoder.answer = ask
        request = asyncio.create_task(player.get(film.cell_url(4)))
        await asked.wait()
        await film.store(1)  # news of another cell is no answer
        data = await film.store(4)
        assert (await request).content == data
        assert encoder.asked == [(film.id, "v240", 4)]

    async def test_a_cell_that_is_stored_just_then_is_not_missed(self, player, film, encoder) -> None:
        encoder.answer = lambda _, rendition, index: film.store(index, rendition)
        assert (await player.get(film.cell_url(1))).status_code == 200

    async def test_all_who_wait_get_it_and_it_is_asked_for_once(self, player, film, encoder) -> None:
        asked = asyncio.Event()

        async def ask(*_: object) -> None:
            asked.set()

        encoder.answer = ask
        requests = [asyncio.create_task(player.get(film.cell_url(0))) for _ in range(20)]
        await asked.wait()
        data = await film.store(0)
        assert [answer.content for answer in await asyncio.gather(*requests)] == [data] * 20
        assert len(encoder.asked) == 1

    async def test_more_can_wait_than_there_are_connections(self, player, film, encoder, settings) -> None:
        requests = [asyncio.create_task(player.get(film.cell_url(0))) for _ in range(settings.database_pool_size * 3)]
        other = await player.get(f"{film.url}/master.m3u8")
        assert other.status_code == 200
        await film.store(0)
        assert {answer.status_code for answer in await asyncio.gather(*requests)} == {200}

    async def test_a_video_that_turns_private_meanwhile_is_not_shown(self, player, film, encoder) -> None:
        async def turn_private(_: object, rendition: str, index: int) -> None:
            await film.change(visibility="private")
            await film.store(index, rendition)

        encoder.answer = turn_private
        assert (await player.get(film.cell_url(0))).status_code == 404


class TestCellsThatDoNotCome:
    @pytest.fixture
    def cell_wait(self) -> float:
        return 0.2

    async def test_the_player_is_told_to_come_again(self, player, film) -> None:
        answer = await player.get(film.cell_url(0))
        assert answer.status_code == 503
        assert answer.json()["code"] == "cell_not_ready"
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["access-control-allow-origin"] == "*"

    async def test_the_next_request_asks_again(self, player, film, encoder) -> None:
        await player.get(film.cell_url(0))
        await player.get(film.cell_url(0))
        assert len(encoder.asked) == 2


class TestRedirect:
    @pytest.fixture
    def delivery_mode(self) -> str:
        return "redirect"

    @pytest.mark.parametrize("visibility", ["public", "private"])
    async def test_the_player_is_sent_to_the_storage(self, player, make_film, bearer, visibility) -> None:
        film = await make_film(visibility=visibility)
        data = await film.store(0)
        answer = await player.get(film.cell_url(0), headers=bearer(film.owner_id))
        assert answer.status_code == 302
        assert answer.headers["cache-control"] == "no-store"
        async with httpx.AsyncClient() as anyone:
            assert (await anyone.get(answer.headers["location"])).content == data

    async def test_all_who_ask_at_once_are_sent_by_the_same_address(self, player, film) -> None:
        """To sign one costs more than the rest of the request."""
        await film.store(0)
        first, second = [await player.get(film.cell_url(0)) for _ in range(2)]
        assert first.headers["location"] == second.headers["location"]

    async def test_head_is_answered_here(self, player, film) -> None:
        data = await film.store(0)
        answer = await player.head(film.cell_url(0))
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(data)))

    async def test_a_wanted_cell_is_waited_for_all_the_same(self, player, film, encoder) -> None:
        encoder.answer = lambda _, rendition, index: film.store(index, rendition)
        assert (await player.get(film.cell_url(0))).status_code == 302
