"""`MATINEE_DELIVERY=accel` behind real proxies: what they send is what the application alone would."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.integration.modules.playback.proxies import caddy, nginx

from matinee.media import keys

STORAGE, API = "127.0.0.1:8333", "127.0.0.1:3000"
SAME = (
    "etag",
    "cache-control",
    "content-type",
    "accept-ranges",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cross-origin-resource-policy",
    "timing-allow-origin",
    "x-content-type-options",
)


@pytest.fixture
def delivery_mode() -> str:
    return "accel"


@pytest.fixture(params=["nginx", "caddy"])
async def front(request, address, s3, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the proxy."""
    places = {API: address, STORAGE: s3.url.removeprefix("http://")}
    running = nginx(tmp_path, "nginx-accel.conf", **places) if request.param == "nginx" else caddy(tmp_path, **places)
    async with running as url, httpx.AsyncClient(base_url=url) as client:
        yield client


class TestBehindAProxy:
    async def test_the_bytes_come_from_the_storage_under_our_headers(self, front, player, film, storage) -> None:
        """Whatever the storage says besides, such as by what it encrypts them, stays behind the proxy."""
        data = await film.store(0, data=os.urandom(1_500_000))
        await storage._client.put_object(
            Bucket=storage._bucket,
            Key=keys.cell_key(film.id, "r1", "v240", 0),
            Body=data,
            ContentType="video/mp4",
            ServerSideEncryption="AES256",
        )
        ours = await player.head(film.cell_url(0))
        answer = await front.get(film.cell_url(0))
        assert (answer.status_code, answer.content) == (200, data)
        assert {name: answer.headers.get_list(name) for name in SAME} == {
            name: ours.headers.get_list(name) for name in SAME
        }
        assert not [name for name in answer.headers if name.startswith(("x-amz", "x-accel"))]

    async def test_parts_heads_and_versions(self, front, film) -> None:
        data = await film.store(0, data=os.urandom(300_000))
        head = await front.head(film.cell_url(0))
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "300000", b"")
        etag = head.headers["etag"]
        part = await front.get(film.cell_url(0), headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content, part.headers["etag"]) == (206, data[1000:2000], etag)
        assert part.headers["content-range"] == "bytes 1000-1999/300000"
        same = await front.get(film.cell_url(0), headers={"Range": "bytes=-5", "If-Range": etag})
        assert (same.status_code, same.content) == (206, data[-5:])
        other = await front.get(film.cell_url(0), headers={"Range": "bytes=-5", "If-Range": '"other"'})
        assert (other.status_code, other.content) == (200, data)
        odd = await front.get(film.cell_url(0), headers={"Range": "bytes=0-1,5-6"})
        assert (odd.status_code, odd.content) == (200, data)
        unchanged = await front.get(film.cell_url(0), headers={"If-None-Match": etag})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        changed = await front.get(film.cell_url(0), headers={"If-None-Match": '"other"'})
        assert (changed.status_code, changed.content) == (200, data)

    async def test_what_cannot_be_had_is_kept_by_nobody(self, front, film, storage) -> None:
        await film.store(0)
        behind = await front.get(film.cell_url(0), headers={"Range": "bytes=99999999-"})
        await storage.delete(f"videos/{film.id}/r1/v240/0.m4s")
        lost = await front.get(film.cell_url(0))
        for answer, status in ((behind, 416), (lost, 503)):
            assert answer.status_code == status
            assert answer.headers.get_list("cache-control") in (["no-cache"], ["no-store"])
            assert answer.headers["access-control-allow-origin"] == "*"
            assert b"<Error>" not in answer.content
            assert str(film.id).encode() not in answer.content

    async def test_a_private_video_is_its_owners(self, front, make_film, bearer) -> None:
        film = await make_film(visibility="private")
        data = await film.store(0)
        owner = await front.get(film.cell_url(0), headers=bearer(film.owner_id))
        assert (owner.content, owner.headers["cache-control"]) == (data, "private, max-age=31536000, immutable")
        for headers in ({}, bearer()):
            answer = await front.get(film.cell_url(0), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "video_not_found")

    async def test_nobody_reaches_the_storage_by_himself(self, front, film, settings) -> None:
        await film.store(0)
        path = f"/_storage/{settings.s3_bucket}/videos/{film.id}/r1/v240/0.m4s"
        for answer in (await front.get(path), await front.get(path, headers={"X-Accel-Redirect": path})):
            assert answer.status_code in (404, 503)

    async def test_playlists_and_many_at_once(self, front, film) -> None:
        cells = [await film.store(index, data=os.urandom(200_000)) for index in range(5)]
        assert "#EXTM3U" in (await front.get(f"{film.url}/master.m3u8")).text
        answers = await asyncio.gather(*(front.get(film.cell_url(turn % 5)) for turn in range(40)))
        assert [answer.content for answer in answers] == [cells[turn % 5] for turn in range(40)]
