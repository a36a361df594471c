"""Cells through the real server: it sends the cached file itself (`http.response.pathsend`)."""

import asyncio
import os
from collections.abc import AsyncIterator

import httpx
import pytest


@pytest.fixture
async def served(address) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application behind Granian."""
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        yield client


class TestCellsThroughTheServer:
    async def test_arrive_whole_cold_and_warm(self, served, film) -> None:
        data = await film.store(0, data=os.urandom(3_000_000))
        for _ in range(3):
            answer = await served.get(film.cell_url(0))
            assert (answer.status_code, answer.content) == (200, data)
            assert answer.headers["content-length"] == str(len(data))

    async def test_arrive_whole_for_many_at_once(self, served, film) -> None:
        cells = [await film.store(index, data=os.urandom(400_000)) for index in range(5)]
        answers = await asyncio.gather(*(served.get(film.cell_url(turn % 5)) for turn in range(40)))
        assert [answer.content for answer in answers] == [cells[turn % 5] for turn in range(40)]

    async def test_arrive_in_part(self, served, film) -> None:
        data = await film.store(0, data=os.urandom(1_000_000))
        await served.get(film.cell_url(0))
        answer = await served.get(film.cell_url(0), headers={"Range": "bytes=1000-599999"})
        assert (answer.status_code, answer.content) == (206, data[1000:600_000])

    async def test_head_and_unchanged_send_no_body(self, served, film) -> None:
        data = await film.store(0)
        head = await served.head(film.cell_url(0))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(data))
        unchanged = await served.get(film.cell_url(0), headers={"If-None-Match": head.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert (await served.get(film.cell_url(0))).content == data

    async def test_a_viewer_who_leaves_in_the_middle_harms_nobody(self, served, film) -> None:
        data = await film.store(0, data=os.urandom(3_000_000))
        for headers in ({}, {"Range": "bytes=1-"}):
            async with served.stream("GET", film.cell_url(0), headers=headers) as answer:
                async for _ in answer.aiter_raw(1000):
                    break
        assert (await served.get(film.cell_url(0))).content == data
