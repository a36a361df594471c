from collections import Counter

import pytest

REQUESTS = [
    {},
    {"Range": "bytes=5-9"},
    {"Range": "bytes=99999999-"},
    {"Range": "bytes=0-1", "If-Range": '"other"'},
    {"If-None-Match": "*"},
]
FLEETING = {"x-request-id", "content-length"}  # a problem's length is that of its request id


@pytest.fixture
def database_looks(database, monkeypatch) -> Counter[str]:
    """Counts the connections that are taken."""
    looks: Counter[str] = Counter()
    take = database.connection

    def counted():
        looks["connection"] += 1
        return take()

    monkeypatch.setattr(database, "connection", counted)
    return looks


class TestWarmCells:
    async def test_a_warm_cell_needs_no_look_at_the_database(self, player, film, database_looks) -> None:
        data = await film.store(0)
        await player.get(film.cell_url(0))
        before = database_looks["connection"]
        answer = await player.get(film.cell_url(0))
        assert answer.content == data
        assert database_looks["connection"] == before

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_the_answer_is_that_of_the_operation(self, player, film, method) -> None:
        await film.store(0)
        await player.get(film.cell_url(0))
        for headers in REQUESTS:
            short = await player.request(method, film.cell_url(0), headers=headers)
            film.clock.offset += 1  # nothing is remembered: the long way again
            long = await player.request(method, film.cell_url(0), headers=headers)
            assert short.status_code == long.status_code
            assert short.content == long.content or short.status_code == 416
            kept = [{k: v for k, v in a.headers.items() if k not in FLEETING} for a in (short, long)]
            assert kept[0] == kept[1]

    async def test_a_private_video_stays_private(self, player, make_film, bearer) -> None:
        film = await make_film(visibility="private")
        await film.store(0)
        assert (await player.get(film.cell_url(0), headers=bearer(film.owner_id))).status_code == 200
        assert (await player.get(film.cell_url(0))).status_code == 404

    async def test_a_bad_token_is_refused_though_the_video_is_public(self, player, film) -> None:
        await film.store(0)
        await player.get(film.cell_url(0))
        answer = await player.get(film.cell_url(0), headers={"Authorization": "Bearer nonsense"})
        assert answer.status_code == 401


class TestWithoutTheShortWay:
    @pytest.fixture
    def shortened(self) -> bool:
        return False

    async def test_the_operation_alone_gives_the_cell(self, player, film) -> None:
        data = await film.store(0)
        for _ in range(2):
            answer = await player.get(film.cell_url(0))
            assert (answer.status_code, answer.content) == (200, data)
