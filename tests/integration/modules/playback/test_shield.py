"""The cache of `deploy/nginx-cache.conf`: one miss a segment, and nobody gets out of it what he may not see."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest
from tests.integration.modules.playback.proxies import nginx

from matinee.modules.playback.cell_cache import CellCache

API = "127.0.0.1:3000"
ALLOWED_FOR = "404 5s"


@pytest.fixture
def deliveries(cache: CellCache, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the objects that the application delivers."""
    keys: list[str] = []
    fetch, find = cache.fetch, cache.find

    async def counted_fetch(key: str, *how):
        keys.append(key)
        return await fetch(key, *how)

    def counted_find(key: str):
        found = find(key)
        if found is not None:
            keys.append(key)
        return found

    monkeypatch.setattr(cache, "fetch", counted_fetch)
    monkeypatch.setattr(cache, "find", counted_find)
    return keys


@pytest.fixture
async def front(address, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of nginx."""
    async with (
        nginx(tmp_path, "nginx-cache.conf", **{API: address}) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield client


class TestACrowd:
    async def test_costs_one_miss_a_segment(self, front, film, deliveries) -> None:
        cells = [await film.store(index, data=os.urandom(300_000)) for index in range(3)]
        answers = await asyncio.gather(*(front.get(film.cell_url(turn % 3)) for turn in range(60)))
        assert [answer.content for answer in answers] == [cells[turn % 3] for turn in range(60)]
        assert len(deliveries) <= 6  # of a miss: a look at what is at hand, and its fetching
        assert len(set(deliveries)) == 3

    async def test_is_one_whatever_tokens_it_has(self, front, make_film, make_key, deliveries) -> None:
        """They ride in the path; the key of a segment is the same without them."""
        film = await make_film(visibility="signed")
        data = await film.store(0)
        key = await make_key(film)
        for later in range(3):
            claims = {"sub": str(film.id), "aud": "video", "exp": int(time.time()) + 300 + later}
            token = jwt.encode(claims, key.private_key, algorithm="EdDSA", headers={"kid": str(key.id)})
            assert (await front.get(f"/t/{token}{film.cell_url(0)}")).content == data
        assert len(deliveries) <= 2
        assert (await front.get(f"/t/{token[:-9]}AAAAAAAAA{film.cell_url(0)}")).status_code == 403
        assert (await front.get(film.cell_url(0))).status_code == 404


class TestAnswers:
    async def test_parts_heads_and_versions(self, front, film, deliveries) -> None:
        data = await film.store(0, data=os.urandom(300_000))
        part = await front.get(film.cell_url(0), headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, data[1000:2000])
        count = len(deliveries)
        head = await front.head(film.cell_url(0))
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "300000", b"")
        whole = await front.get(film.cell_url(0))
        assert (whole.status_code, whole.content) == (200, data)
        assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert whole.headers["access-control-allow-origin"] == "*"
        unchanged = await front.get(film.cell_url(0), headers={"If-None-Match": head.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert len(deliveries) == count

    async def test_what_there_is_not_is_what_the_application_says(self, front, film) -> None:
        assert (await front.get(film.cell_url(99))).json()["code"] == "no_such_cell"
        assert "#EXTM3U" in (await front.get(f"{film.url}/master.m3u8")).text
        forged = await front.get(film.cell_url(0), headers={"Authorization": "Bearer e30.e30.x"})
        assert (forged.status_code, forged.json()["code"]) == (401, "invalid_token")


class TestPrivateVideos:
    async def test_are_handed_out_of_the_cache_to_their_owner_alone(
        self, front, make_film, bearer, deliveries
    ) -> None:
        film = await make_film(visibility="private")
        data = await film.store(0)
        owner, stranger = bearer(film.owner_id), bearer()
        for _ in range(2):
            answer = await front.get(film.cell_url(0), headers=owner)
            assert (answer.status_code, answer.content) == (200, data)
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            kept = len(deliveries)
            for headers in ({}, stranger):
                refused = await front.get(film.cell_url(0), headers=headers)
                assert (refused.status_code, refused.json()["code"]) == (404, "video_not_found")
                assert refused.headers["cache-control"] == "no-store"
            assert len(deliveries) == kept

    async def test_turn_private_within_seconds(self, address, tmp_path, film, bearer) -> None:
        """What is kept of leave is short; here it is not kept, so that nobody waits."""
        places = {API: address, ALLOWED_FOR: "404 0s"}
        async with nginx(tmp_path, "nginx-cache.conf", **places) as url, httpx.AsyncClient(base_url=url) as client:
            data = await film.store(0)
            assert (await client.get(film.cell_url(0))).headers["cache-control"].startswith("public")
            await film.change(visibility="private")
            assert (await client.get(film.cell_url(0))).status_code == 404
            owner = await client.get(film.cell_url(0), headers=bearer(film.owner_id))
            assert owner.content == data
            assert owner.headers["cache-control"] == "private, max-age=31536000, immutable"


class TestEncryption:
    async def test_a_switch_ends_what_was_kept(self, address, tmp_path, film) -> None:
        """A clear segment leaves the cache no more, whoever is allowed."""
        places = {API: address, ALLOWED_FOR: "404 0s"}
        async with nginx(tmp_path, "nginx-cache.conf", **places) as url, httpx.AsyncClient(base_url=url) as client:
            data = await film.store(0)
            assert (await client.get(film.cell_url(0))).content == data
            await film.change(encryption="cbcs")
            refused = await client.get(film.cell_url(0))
            assert (refused.status_code, refused.json()["code"]) == (404, "no_such_cell")
            await film.change(encryption="none")
            assert (await client.get(film.cell_url(0))).content == data

    async def test_new_keys_end_what_the_former_open(self, address, tmp_path, film) -> None:
        """Whoever has them gets no more of it out of the cache."""
        places = {API: address, ALLOWED_FOR: "404 0s"}
        async with nginx(tmp_path, "nginx-cache.conf", **places) as url, httpx.AsyncClient(base_url=url) as client:
            await film.store(0)
            await film.change(encryption="aes-128")
            mark = (await client.get(f"{film.url}/allowed")).headers["x-media-mark"]
            former = film.cell_url(0).replace("/r1/", f"/r1.{mark}/")
            assert (await client.get(former)).status_code == 200
            await film.change(key_version=2)
            assert (await client.get(former)).status_code == 404
